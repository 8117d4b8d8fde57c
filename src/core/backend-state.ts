import type { Policy } from './backend';
import type { Effect, Held } from './held';
import { partition, rejectOf, releaseOf, workersOf } from './held';
import { UNKNOWN_WORKER } from './reports';
import {
  afterPeriod,
  backOffMs,
  isOpen,
  isSettled,
  leaseMs,
  renewalDueAt,
  settlePeriodMs,
  wakeWindowMs,
} from './schedule';
import type { Event, EventOf, Idle, Probing, Ready, State, Step, Waking } from './state';
import { IDLE } from './state';

/** Scope of a round that may go through any worker. */
const ANY = UNKNOWN_WORKER;

/** One step of the machine of one backend. Pure: the same arguments give the same answer. */
export function step(state: State, event: Event, policy: Policy): Step {
  switch (event.type) {
    case 'arrive':
      return arrive(state, event, policy);
    case 'leave':
      return state.kind === 'idle'
        ? [state, []]
        : [{ ...state, held: state.held.filter(({ id }) => id !== event.id) }, []];
    case 'probed':
      return state.kind === 'idle' ? [state, []] : probed(state, event, policy);
    case 'published':
      return state.kind === 'waking' && state.wokenAt === event.wokenAt ? published(state, event, policy) : [state, []];
    case 'tick':
      return state.kind === 'idle' ? [state, []] : tick(state, event, policy);
  }
}

function arrive(state: State, event: EventOf<'arrive'>, policy: Policy): Step {
  if (isOpen(state, event.worker, event.now, policy)) return pass(state as Ready, event, policy);
  const held = state.kind === 'idle' ? [] : state.held;
  if (!event.room || held.length >= policy.maxHeld) return [state, rejectOf([event], 'SERVERLESS_HOLD_OVERFLOW')];
  const { id, worker, deadline, wakes } = event;
  const joined = [...held, { id, worker, deadline, wakes }];
  switch (state.kind) {
    case 'idle':
      return verify(joined, [], false);
    case 'probing':
      return [{ ...state, held: joined, wake: state.wake || wakes }, []];
    case 'waking':
      return joinWaking(state, joined, event, policy);
    case 'ready':
      if (event.now >= state.leaseUntil) return verify(joined, state.inFlight, false);
      return probeWaiting(
        { ...state, held: joined },
        event,
        policy,
        (other) => other === worker && !waits(state, worker),
      );
  }
}

/** Lets a request through, and renews the lease in the background when it is time to. */
function pass(state: Ready, event: EventOf<'arrive'>, policy: Policy): Step {
  const released = releaseOf([event]);
  if (state.inFlight.length > 0 || event.now < renewalDueAt(state, policy)) return [state, released];
  const nextProbeAt = afterPeriod(event, policy.intervalMs);
  return [
    { ...state, inFlight: [event.worker], nextProbeAt },
    [...released, { type: 'probe', scope: event.worker, workers: [event.worker] }],
  ];
}

function waits(state: Ready, worker: number): boolean {
  return state.held.some((one) => one.worker === worker);
}

/** Finds out whether the backend is up. A probe that is in flight already will tell as well. */
function verify(held: readonly Held[], inFlight: readonly number[], wake: boolean): Step {
  const state: Probing = {
    kind: 'probing',
    held,
    inFlight: inFlight.length > 0 ? inFlight : [ANY],
    wake: wake || held.some(({ wakes }) => wakes),
    passes: 0,
  };
  return [state, inFlight.length > 0 ? [] : [{ type: 'probe', scope: ANY, workers: workersOf(held) }]];
}

function joinWaking(state: Waking, joined: readonly Held[], event: EventOf<'arrive'>, policy: Policy): Step {
  // With nobody held it was not probed since: it may be up by now, or asleep again.
  const forgotten = state.held.length === 0 && !state.publishing && event.now >= state.nextPublishAt;
  if (forgotten) return verify(joined, state.inFlight, false);
  // Asleep is known here: one that must not wake has its answer.
  if (!event.wakes) return [state, rejectOf([event], 'SERVERLESS_NO_WAKE')];
  return wakeOn({ ...state, held: joined }, event, policy);
}

/** Sends what is due while the backend wakes: the next probe, or, when the last one has failed, the wake-up again. */
function wakeOn(state: Waking, event: Event, policy: Policy): Step {
  if (state.held.length === 0 || state.inFlight.length > 0) return [state, []];
  const effects: Effect[] = [];
  let next = state;
  if (!state.publishing && event.now >= state.nextPublishAt) {
    next = { ...next, publishing: true, attempt: state.attempt + 1 };
    effects.push({ type: 'publish', wokenAt: state.wokenAt, attempt: next.attempt });
  }
  if (event.now >= state.nextProbeAt) {
    next = { ...next, inFlight: [ANY], nextProbeAt: afterPeriod(event, policy.intervalMs) };
    effects.push({ type: 'probe', scope: ANY, workers: workersOf(state.held) });
  }
  return [next, effects];
}

function probed(state: Probing | Waking | Ready, event: EventOf<'probed'>, policy: Policy): Step {
  const inFlight = event.last ? state.inFlight.filter((scope) => scope !== event.scope) : state.inFlight;
  const seen = { ...state, inFlight };
  if (seen.kind === 'ready') return probedWhileReady(seen, event, policy);
  if (event.outcome === 'passed') return passed(seen, event, policy);
  // Of several connections opened at once, the others may still pass.
  if (inFlight.length > 0) return [seen, []];
  if (seen.kind === 'waking') return wakeOn({ ...seen, passes: 0 }, event, policy);
  return asleep(seen.held, seen.wake, event, policy);
}

function passed(state: Probing | Waking, event: EventOf<'probed'>, policy: Policy): Step {
  const passes = state.passes + 1;
  if (passes >= policy.successes) {
    const ready: Ready = {
      kind: 'ready',
      held: state.held,
      inFlight: state.inFlight,
      since: event.now,
      leaseUntil: event.now + leaseMs(policy),
      proven: new Set(),
      failing: new Set(),
      nextProbeAt: event.now,
    };
    return prove(ready, event, policy);
  }
  if (state.inFlight.length > 0) return [{ ...state, passes }, []];
  if (state.kind === 'waking') return wakeOn({ ...state, passes }, event, policy);
  return [{ ...state, passes, inFlight: [ANY] }, [{ type: 'probe', scope: ANY, workers: workersOf(state.held) }]];
}

/** A probe failed and none is in flight: wake the backend if anybody wanted it, else forget it. */
function asleep(held: readonly Held[], wake: boolean, event: Event, policy: Policy): Step {
  const [wakers, others] = partition(held, ({ wakes }) => wakes);
  const rejected = rejectOf(others, 'SERVERLESS_NO_WAKE');
  if (!wake) return [IDLE, rejected];
  const waking: Waking = {
    kind: 'waking',
    held: wakers,
    inFlight: [],
    passes: 0,
    wokenAt: event.now,
    attempt: 1,
    publishing: true,
    failures: 0,
    nextPublishAt: event.now,
    nextProbeAt: afterPeriod(event, policy.intervalMs),
  };
  return [waking, [...rejected, { type: 'publish', wokenAt: event.now, attempt: 1 }]];
}

function probedWhileReady(state: Ready, event: EventOf<'probed'>, policy: Policy): Step {
  switch (event.outcome) {
    case 'passed':
      return prove({ ...state, leaseUntil: event.now + leaseMs(policy) }, event, policy);
    case 'failed': {
      // A worker that has not followed yet says nothing about the backend; one that had passed, or should have followed, does. The
      // backend may be going: its target is taken from the workers one by one, too, and those that still have it pass (K27).
      const contradicts =
        state.proven.has(event.worker) ||
        (event.worker === UNKNOWN_WORKER ? state.proven.size === 0 : isSettled(state, event.now, policy));
      if (!contradicts) {
        const failing = event.worker === UNKNOWN_WORKER ? state.failing : new Set([...state.failing, event.worker]);
        return probeWaiting({ ...state, failing }, event, policy, () => event.now >= state.nextProbeAt);
      }
      if (state.inFlight.length > 0) return verify(state.held, state.inFlight, false);
      return asleep(
        state.held,
        state.held.some(({ wakes }) => wakes),
        event,
        policy,
      );
    }
    case 'timed-out':
    case 'unanswered':
      // An overloaded backend may be slow to answer: the lease decides.
      return probeWaiting(state, event, policy, () => event.now >= state.nextProbeAt);
  }
}

/** A probe passed through a worker: its requests go on, and those of the others are asked for at once. */
function prove(state: Ready, event: EventOf<'probed'>, policy: Policy): Step {
  const first = state.proven.size === 0 && state.since === event.now;
  const proven = event.worker === UNKNOWN_WORKER ? state.proven : new Set([...state.proven, event.worker]);
  const failing = new Set([...state.failing].filter((worker) => worker !== event.worker));
  const open = { ...state, proven, failing };
  const [released, held] = partition(state.held, ({ worker }) => isOpen(open, worker, event.now, policy));
  const [next, effects] = probeWaiting({ ...open, held }, event, policy, () => first || event.now >= state.nextProbeAt);
  return [next, [...releaseOf(released), ...effects]];
}

/** One probe through each waiting worker that `due` names and that has none in flight. */
function probeWaiting(state: Ready, event: Event, policy: Policy, due: (worker: number) => boolean): Step {
  const workers = workersOf(state.held).filter((worker) => !state.inFlight.includes(worker) && due(worker));
  if (workers.length === 0) return [state, []];
  return [
    {
      ...state,
      inFlight: [...state.inFlight, ...workers],
      nextProbeAt: afterPeriod(event, settlePeriodMs(policy)),
    },
    workers.map((worker) => ({ type: 'probe', scope: worker, workers: [worker] })),
  ];
}

function published(state: Waking, event: EventOf<'published'>, policy: Policy): Step {
  const done = { ...state, publishing: false };
  switch (event.outcome) {
    case 'accepted':
      return wakeOn({ ...done, failures: 0, nextPublishAt: event.now + wakeWindowMs(policy) }, event, policy);
    case 'retry': {
      return wakeOn(
        { ...done, failures: state.failures + 1, nextPublishAt: afterPeriod(event, backOffMs(state.failures)) },
        event,
        policy,
      );
    }
    case 'refused':
      // Waiting cannot help. The next request tries again: a component may be loaded by then (D8).
      return [quiet(state.inFlight), rejectOf(state.held, 'SERVERLESS_WAKE_REFUSED')];
  }
}

/** Nobody waits and nothing is known, but a probe may still be in flight: no second one may join it. */
function quiet(inFlight: readonly number[]): Idle | Probing {
  return inFlight.length === 0 ? IDLE : { kind: 'probing', held: [], inFlight, wake: false, passes: 0 };
}

function tick(state: Probing | Waking | Ready, event: Event, policy: Policy): Step {
  const [late, held] = partition(state.held, ({ deadline }) => event.now >= deadline);
  const [next, effects] = tickHeld({ ...state, held }, event, policy);
  return [next, [...rejectOf(late, 'SERVERLESS_HOLD_TIMEOUT'), ...effects]];
}

function tickHeld(state: Probing | Waking | Ready, event: Event, policy: Policy): Step {
  if (state.held.length === 0) return [state, []];
  switch (state.kind) {
    case 'probing':
      return [state, []];
    case 'waking':
      return wakeOn(state, event, policy);
    case 'ready': {
      const [released, held] = partition(state.held, ({ worker }) => isOpen(state, worker, event.now, policy));
      if (released.length > 0) return [{ ...state, held }, releaseOf(released)];
      if (event.now >= state.leaseUntil) return verify(held, state.inFlight, false);
      return probeWaiting(state, event, policy, () => event.now >= state.nextProbeAt);
    }
  }
}
