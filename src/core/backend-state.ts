import type { Policy } from './backend';
import type { ErrorCode } from './errors';
import { isOpen, isSettled, probationAfterLease, WITHDRAWAL_MS } from './release';
import { UNKNOWN_WORKER } from './reports';
import { backOffMs, wakeWindowMs } from './publish-pace';
import { afterPeriod, leaseMs, renewalDueAt, settlePeriodMs } from './schedule';
import type { Effect, Event, EventOf, Idle, Probing, Ready, Scope, State, Step, Waking } from './state';
import { IDLE, waitingIn } from './state';
import { anyOther, anyWakes, join, leave, NOBODY, part, wakersOf, workersOf, type Waiting } from './waiting';

/** One step of the machine of one backend. Pure: the same arguments give the same answer. */
export function step(state: State, event: Event, policy: Policy): Step {
  switch (event.type) {
    case 'arrive':
      return arrive(state, event, policy);
    case 'leave':
      return state.kind === 'idle' ? [state, []] : [{ ...state, waiting: leave(state.waiting, event) }, []];
    case 'renew':
      return state.kind === 'ready' ? renew(state, event, policy) : [state, []];
    case 'probed':
      return state.kind === 'idle' ? [state, []] : probed(state, event, policy);
    case 'withdrawn':
      if (state.kind === 'ready') return withdraw(state, state.waiting, event, policy);
      if (state.kind !== 'waking') return [state, []];
      // What was woken came, served at its address, and has gone: whoever comes next begins anew.
      if (state.waiting.size === 0 && !state.publishing) return [quiet(state), []];
      // It had come up at its address: the wake-up that was spared is due.
      return state.spared ? wakeOn({ ...state, nextPublishAt: event.now }, event, policy) : [state, []];
    case 'published':
      return state.kind === 'waking' && state.wokenAt === event.wokenAt ? published(state, event, policy) : [state, []];
    case 'given-up':
      return state.kind === 'waking' && state.waiting.size === 0 ? [quiet(state), []] : [state, []];
    case 'tick':
      return state.kind === 'idle' || state.waiting.size === 0 ? [state, []] : tick(state, event, policy);
  }
}

function arrive(state: State, event: EventOf<'arrive'>, policy: Policy): Step {
  if (isOpen(state, event.worker, event.now, policy)) return [state, [release([event.worker])]];
  if (!event.room) return [state, [turnAway('SERVERLESS_HOLD_OVERFLOW')]];
  const waiting = join(waitingIn(state), event);
  switch (state.kind) {
    case 'idle':
      if (event.asleep === true) return asleep(waiting, event.wakes, event, policy);
      return verify({ waiting, inFlight: [], probationUntil: 0 });
    case 'probing':
      return [{ ...state, waiting, wake: state.wake || event.wakes }, []];
    case 'waking':
      return joinWaking(state, waiting, event, policy);
    case 'ready': {
      const probationUntil = probationAfterLease(state, event.now, policy);
      if (event.now >= state.leaseUntil) {
        if (event.asleep === true) return withdraw(state, waiting, event, policy);
        return verify({ waiting, inFlight: state.inFlight, probationUntil });
      }
      const isFirst = !state.waiting.has(event.worker);
      return probeWaiting({ ...state, waiting }, event, policy, (worker) => isFirst && worker === event.worker);
    }
  }
}

/** A request passed: has the lease renewed in the background, when it is time to. */
function renew(state: Ready, event: EventOf<'renew'>, policy: Policy): Step {
  if (state.inFlight.length > 0 || event.now < renewalDueAt(state, policy)) return [state, []];
  const nextProbeAt = afterPeriod(event, policy.intervalMs);
  return [{ ...state, inFlight: [event.worker], nextProbeAt }, [probe(event.worker, [event.worker])]];
}

/** Finds out whether the backend is up. A probe that is in flight already will tell as well. */
function verify(known: Pick<Probing, 'waiting' | 'inFlight' | 'probationUntil'>): Step {
  const { waiting, inFlight, probationUntil } = known;
  const state: Probing = {
    kind: 'probing',
    waiting,
    inFlight: inFlight.length > 0 ? inFlight : ['any'],
    probationUntil,
    wake: anyWakes(waiting),
    passes: 0,
  };
  return [state, inFlight.length > 0 ? [] : [probe('any', workersOf(waiting))]];
}

function joinWaking(state: Waking, waiting: Waiting, event: EventOf<'arrive'>, policy: Policy): Step {
  // With nobody waiting it was not probed since: it may be up by now, or asleep again.
  const forgotten = state.waiting.size === 0 && !state.publishing && event.now >= state.nextPublishAt;
  if (forgotten && event.asleep !== true) return verify({ ...state, waiting });
  // Asleep is known here: one that must not wake has its answer.
  if (!event.wakes) return [state, [turnAway('SERVERLESS_NO_WAKE')]];
  return wakeOn({ ...state, waiting }, event, policy);
}

/** Sends what is due while the backend wakes: the next probe, or, when the last one has failed, the wake-up again. */
function wakeOn(state: Waking, event: Event, policy: Policy): Step {
  if (state.waiting.size === 0 || state.inFlight.length > 0) return [state, []];
  const effects: Effect[] = [];
  let next = state;
  if (!state.publishing && event.now >= state.nextPublishAt) {
    next = event.up === true ? putOff(next, event, policy) : { ...next, publishing: true, spared: false };
    if (next.publishing) effects.push({ type: 'publish', wokenAt: state.wokenAt });
  }
  if (event.now >= state.nextProbeAt) {
    next = { ...next, inFlight: ['any'], nextProbeAt: afterPeriod(event, policy.intervalMs) };
    effects.push(probe('any', workersOf(state.waiting)));
  }
  return [next, effects];
}

/** No wake-up is needed for as long as one would last. */
function putOff(state: Waking, event: Event, policy: Policy): Waking {
  return { ...state, spared: true, nextPublishAt: event.now + wakeWindowMs(policy) };
}

function probed(state: Probing | Waking | Ready, answer: EventOf<'probed'>, policy: Policy): Step {
  // A pod in its grace period passes, and will not be there for those whom it would release.
  const event =
    answer.leaving === true && answer.outcome === 'passed' ? { ...answer, outcome: 'failed' as const } : answer;
  const inFlight = event.last ? state.inFlight.filter((scope) => scope !== event.scope) : state.inFlight;
  const seen = { ...state, inFlight };
  if (seen.kind === 'ready') return probedWhileReady(seen, event, policy);
  if (event.outcome === 'passed') return passed(seen, event, policy);
  // Of several connections opened at once, the others may still pass.
  if (inFlight.length > 0) return [seen, []];
  if (seen.kind === 'waking') return wakeOn({ ...seen, passes: 0 }, event, policy);
  return asleep(seen.waiting, seen.wake, event, policy);
}

function passed(state: Probing | Waking, event: EventOf<'probed'>, policy: Policy): Step {
  const passes = state.passes + 1;
  if (passes >= policy.successes) {
    const ready: Ready = {
      kind: 'ready',
      waiting: state.waiting,
      inFlight: state.inFlight,
      probationUntil: state.probationUntil,
      since: event.now,
      passedAt: event.now,
      leaseUntil: event.now + leaseMs(policy),
      proven: new Map(),
      failing: new Set(),
      nextProbeAt: event.now,
    };
    return prove(ready, event, policy);
  }
  if (state.inFlight.length > 0) return [{ ...state, passes }, []];
  if (state.kind === 'waking') return wakeOn({ ...state, passes }, event, policy);
  return [{ ...state, passes, inFlight: ['any'] }, [probe('any', workersOf(state.waiting))]];
}

/** A probe failed and none is in flight: wake the backend if anybody wanted it, else forget it. */
function asleep(waiting: Waiting, wake: boolean, event: Event, policy: Policy): Step {
  const wakers = wakersOf(waiting);
  const rejected: Effect[] = anyOther(waiting)
    ? [{ type: 'reject', who: 'non-waking', code: 'SERVERLESS_NO_WAKE' }]
    : [];
  if (!wake) return [IDLE, rejected];
  const waking: Waking = {
    kind: 'waking',
    waiting: wakers,
    inFlight: [],
    // Workers may still have a target that is withdrawn, and pass: it is taken from them one by one, too (K27).
    probationUntil: event.now + WITHDRAWAL_MS,
    passes: 0,
    wokenAt: event.now,
    publishing: true,
    failures: 0,
    nextPublishAt: event.now,
    spared: false,
    nextProbeAt: afterPeriod(event, policy.intervalMs),
  };
  if (event.up === true) return [putOff({ ...waking, publishing: false }, event, policy), rejected];
  return [waking, [...rejected, { type: 'publish', wokenAt: event.now }]];
}

function probedWhileReady(state: Ready, event: EventOf<'probed'>, policy: Policy): Step {
  switch (event.outcome) {
    case 'passed':
      return prove({ ...state, passedAt: event.now, leaseUntil: event.now + leaseMs(policy) }, event, policy);
    case 'failed': {
      // A worker that has not followed yet says nothing about the backend; one that had passed, or should have followed, does. The
      // backend may be withdrawn: its target is taken from the workers one by one, too, and those that still have it pass (K27).
      const contradicts =
        state.proven.has(event.worker) ||
        (event.worker === UNKNOWN_WORKER ? state.proven.size === 0 : isSettled(state, event.now, policy));
      if (!contradicts) {
        const failing = event.worker === UNKNOWN_WORKER ? state.failing : new Set([...state.failing, event.worker]);
        return probeWaiting({ ...state, failing }, event, policy, () => event.now >= state.nextProbeAt);
      }
      return withdraw(state, state.waiting, event, policy);
    }
    case 'timed-out':
    case 'unanswered':
      // An overloaded backend may be slow to answer: the lease decides.
      return probeWaiting(state, event, policy, () => event.now >= state.nextProbeAt);
  }
}

/** The backend is up no more. A probe that is in flight was sent before that was known: its answer comes first. */
function withdraw({ inFlight }: Ready, waiting: Waiting, event: Event, policy: Policy): Step {
  if (inFlight.length > 0) return verify({ waiting, inFlight, probationUntil: event.now + WITHDRAWAL_MS });
  return asleep(waiting, anyWakes(waiting), event, policy);
}

/** A probe passed through a worker: its requests go on, and those of the others are asked for at once. */
function prove(state: Ready, event: EventOf<'probed'>, policy: Policy): Step {
  const first = state.proven.size === 0 && state.since === event.now;
  const proven = event.worker === UNKNOWN_WORKER ? state.proven : new Map(state.proven).set(event.worker, event.now);
  const failing = new Set([...state.failing].filter((worker) => worker !== event.worker));
  const open = { ...state, proven, failing };
  const [released, waiting] = part(state.waiting, (worker) => isOpen(open, worker, event.now, policy));
  const still = { ...open, waiting };
  const [next, effects] = probeWaiting(still, event, policy, () => first || event.now >= state.nextProbeAt);
  return [next, [...releaseAll(released), ...effects]];
}

/** One probe through each waiting worker that `due` names and that has none in flight. */
function probeWaiting(state: Ready, event: Event, policy: Policy, due: (worker: number) => boolean): Step {
  const workers = workersOf(state.waiting).filter((worker) => !state.inFlight.includes(worker) && due(worker));
  if (workers.length === 0) return [state, []];
  return [
    { ...state, inFlight: [...state.inFlight, ...workers], nextProbeAt: afterPeriod(event, settlePeriodMs(policy)) },
    workers.map((worker) => probe(worker, [worker])),
  ];
}

function published(state: Waking, event: EventOf<'published'>, policy: Policy): Step {
  const done = { ...state, publishing: false };
  switch (event.outcome) {
    case 'accepted':
      return wakeOn({ ...done, failures: 0, nextPublishAt: event.now + wakeWindowMs(policy) }, event, policy);
    case 'retry': {
      const nextPublishAt = afterPeriod(event, backOffMs(state.failures));
      return wakeOn({ ...done, failures: state.failures + 1, nextPublishAt }, event, policy);
    }
    case 'refused': {
      // Waiting cannot help. The next request tries again: a component may be loaded by then (D8).
      const rejected: Effect[] =
        state.waiting.size === 0 ? [] : [{ type: 'reject', who: 'all', code: 'SERVERLESS_WAKE_REFUSED' }];
      return [quiet(state), rejected];
    }
  }
}

/** Nobody waits and nothing is known, but a probe may still be in flight: no second one may join it. */
function quiet({ inFlight, probationUntil }: Waking): Idle | Probing {
  if (inFlight.length === 0) return IDLE;
  return { kind: 'probing', waiting: NOBODY, inFlight, probationUntil, wake: false, passes: 0 };
}

function tick(state: Probing | Waking | Ready, event: Event, policy: Policy): Step {
  switch (state.kind) {
    case 'probing':
      return [state, []];
    case 'waking':
      return wakeOn(state, event, policy);
    case 'ready': {
      const [released, waiting] = part(state.waiting, (worker) => isOpen(state, worker, event.now, policy));
      if (released.length > 0) return [{ ...state, waiting }, releaseAll(released)];
      const probationUntil = probationAfterLease(state, event.now, policy);
      if (event.now >= state.leaseUntil) return verify({ ...state, probationUntil });
      return probeWaiting(state, event, policy, () => event.now >= state.nextProbeAt);
    }
  }
}

function release(workers: readonly number[]): Effect {
  return { type: 'release', workers };
}

function releaseAll(workers: readonly number[]): Effect[] {
  return workers.length === 0 ? [] : [release(workers)];
}

function probe(scope: Scope, workers: readonly number[]): Effect {
  return { type: 'probe', scope, workers };
}

function turnAway(code: ErrorCode): Effect {
  return { type: 'turn-away', code };
}
