import type { Policy } from '../../../src/core/backend';
import type { Effect, Event, EventOf, Scope, State, Step } from '../../../src/core/state';
import { step } from '../../../src/core/backend-state';
import { PROBATION_MS, WITHDRAWAL_MS } from '../../../src/core/release';
import { wakeWindowMs } from '../../../src/core/publish-pace';
import { dueAt } from '../../../src/core/schedule';
import { IDLE } from '../../../src/core/state';
import type { ProbeOutcome, PublishOutcome } from '../../../src/core/reports';
import type { DistributiveOmit } from '../../../src/core/types';

/** What is tested: the real machine, or one with a mutation. */
export interface Machine {
  step(state: State, event: Event, policy: Policy): Step;
  dueAt(state: State, policy: Policy): number | undefined;
}

export const realMachine: Machine = { step, dueAt };

export const POLICY: Policy = {
  intervalMs: 100,
  holdTimeoutMs: 3000,
  maxHeld: 5,
  leaseMs: 2000,
  settleMs: 700,
  successes: 1,
  messageTtlMs: 4000,
  requestsPerMessage: 1,
  maxMessageRate: 10,
  maxWakesPerHour: Infinity,
  maxFailedWakes: Infinity,
};

export type Command =
  | { readonly type: 'arrive'; readonly worker: number; readonly wakes: boolean; readonly room: boolean }
  | { readonly type: 'leave'; readonly index: number }
  | { readonly type: 'advance'; readonly ms: number }
  /** The backend's health path passes, or fails, through a worker from now on; 0: through all. */
  | { readonly type: 'health'; readonly worker: number; readonly up: boolean }
  /** The watch says that the last pod began to leave, which goes on passing probes; or that a pod is there again. */
  | {
      readonly type: 'watch';
      readonly pods: boolean;
      /** One of them passed a probe at its own address. */
      readonly up?: boolean;
    };

/** What chance decides, consumed in turn. */
export interface Chance {
  readonly probeMs: readonly number[];
  /** How many connections a round of probing opens. */
  readonly fanOut: readonly number[];
  readonly unanswered: readonly boolean[];
  readonly publishMs: readonly number[];
  readonly publishOutcomes: readonly PublishOutcome[];
  readonly jitter: readonly number[];
}

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly event: () => DistributiveOmit<Event, 'now' | 'jitter'>;
}

/** A rule of the design that was broken. */
export class Violation extends Error {}

function assertRule(holds: boolean, rule: string): void {
  if (!holds) throw new Violation(rule);
}

const WORKERS = [1, 2, 3];

/**
 * A backend, its gateway and its clients in virtual time. It feeds a machine with events and checks, after each one, every rule
 * of the design, from what it sees from outside: it keeps its own books and does not read the machine's state for them, but for
 * which kind it is.
 */
export class World {
  readonly #machine: Machine;
  readonly #chance: Chance;
  readonly #policy: Policy;
  now = 1000;
  #state: State = IDLE;
  readonly #up = new Map<number, boolean>(WORKERS.map((worker) => [worker, false]));
  /** Who waits. */
  readonly #open = new Map<number, { worker: number; wakes: boolean; deadline: number }>();
  readonly #queue: Pending[] = [];
  readonly #inFlight = new Set<Scope>();
  /** The backend may have been scaled in: until then only a probe that passed just now counts. */
  #probationUntil = 0;
  readonly #passes: { at: number; worker: number }[] = [];
  #lastPublish: { at: number; wokenAt: number; after: number } | undefined;
  #askedWhileUnknown = false;
  /** The watch has said that the last pod is leaving or gone. */
  #podless = false;
  /** A pod passes probes at its own address. */
  #upAtAddress = false;
  #nextId = 0;
  /** The request that arrived last. */
  #arrived = -1;
  #turns = 0;
  readonly #draws = new Map<string, number>();

  constructor(machine: Machine, chance: Chance, policy: Policy = POLICY) {
    this.#machine = machine;
    this.#chance = chance;
    this.#policy = policy;
  }

  /** How long a passed probe is trusted: at least twice as long as the other workers are waited for. */
  get #leaseMs(): number {
    return Math.max(this.#policy.leaseMs, 2 * this.#policy.settleMs);
  }

  run(commands: readonly Command[]): void {
    for (const command of commands) this.#execute(command);
    this.#advance(this.#policy.holdTimeoutMs * 2);
    assertRule(this.#open.size === 0, 'every request settles');
  }

  #draw<T>(name: keyof Chance, from: readonly T[]): T {
    const turn = this.#draws.get(name) ?? 0;
    this.#draws.set(name, turn + 1);
    return from[turn % from.length]!;
  }

  #execute(command: Command): void {
    switch (command.type) {
      case 'arrive': {
        const id = this.#nextId++;
        const { worker, wakes } = command;
        const room = command.room && this.#open.size < this.#policy.maxHeld;
        this.#open.set(id, { worker, wakes, deadline: this.now + this.#policy.holdTimeoutMs });
        this.#arrived = id;
        const lastPass = this.#passes.at(-1)?.at;
        const wasReady = this.#state.kind === 'ready';
        if (wasReady && lastPass !== undefined && this.now - lastPass >= this.#policy.messageTtlMs) {
          this.#probationUntil = this.now + PROBATION_MS;
        }
        const wasIdle = this.#state.kind === 'idle';
        this.#feed({ type: 'arrive', worker, wakes, room, asleep: this.#podless });
        if (wasIdle && room && wakes && this.#podless) {
          assertRule(this.#lastPublish?.at === this.now, 'a backend that is known to be asleep is woken at once');
        }
        // From here on a failed probe must wake the backend, whatever becomes of this request.
        if (wakes && this.#open.has(id) && this.#state.kind === 'probing') this.#askedWhileUnknown = true;
        if (!room) assertRule(!this.#open.has(id), 'overflow is rejected at once');
        return;
      }
      case 'leave': {
        const ids = [...this.#open.keys()];
        const id = ids[command.index % Math.max(1, ids.length)];
        if (id !== undefined) this.#goes(id);
        return;
      }
      case 'health':
        for (const worker of command.worker === 0 ? WORKERS : [command.worker]) this.#up.set(worker, command.up);
        return;
      case 'watch': {
        const began = !command.pods && !this.#podless;
        this.#podless = !command.pods;
        this.#upAtAddress = command.pods && command.up === true;
        if (began) this.#feed({ type: 'withdrawn' });
        return;
      }
      case 'advance':
        this.#advance(command.ms);
    }
  }

  /** One does not wait any more: its client left, or its owner answers it at its deadline. */
  #goes(id: number): void {
    const { worker, wakes } = this.#open.get(id)!;
    this.#open.delete(id);
    this.#feed({ type: 'leave', worker, wakes });
  }

  /** Runs what is due until `ms` from now, in order of time. */
  #advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      assertRule(this.#turns++ < 20_000, 'time goes on: no step asks to be called again at once for ever');
      this.#queue.sort((a, b) => a.at - b.at || a.order - b.order);
      const pending = this.#queue[0];
      const due = this.#machine.dueAt(this.#state, this.#policy);
      if (this.#open.size === 0) assertRule(due === undefined, 'a backend that nobody waits for owns no timer');
      else this.#checkIsAsked(due);
      const [late, deadline] = this.#earliestDeadline();
      const at = Math.min(pending?.at ?? Infinity, due ?? Infinity, deadline);
      if (at > end) break;
      this.now = Math.max(this.now, at);
      if (late !== undefined && deadline <= this.now) this.#goes(late);
      else if (pending !== undefined && pending.at <= (due ?? Infinity)) {
        this.#queue.shift();
        this.#feed(pending.event());
      } else this.#feed({ type: 'tick' });
    }
    this.now = end;
  }

  #earliestDeadline(): [id: number | undefined, deadline: number] {
    let earliest: [number | undefined, number] = [undefined, Infinity];
    for (const [id, { deadline }] of this.#open) if (deadline < earliest[1]) earliest = [id, deadline];
    return earliest;
  }

  /** Somebody waits: an answer is on its way, or the next question is due within a period. */
  #checkIsAsked(due: number | undefined): void {
    if (this.#inFlight.size > 0) return;
    const soon = this.now + 1.1 * this.#policy.intervalMs;
    assertRule(due !== undefined && due <= soon, 'a backend that somebody waits for is asked once a period');
  }

  #feed(untimed: DistributiveOmit<Event, 'now' | 'jitter'>): void {
    const event: Event = {
      ...untimed,
      now: this.now,
      jitter: this.#draw('jitter', this.#chance.jitter),
      up: this.#upAtAddress,
    };
    const before = this.#state;
    if (event.type === 'probed' && event.outcome === 'passed' && event.leaving !== true) {
      this.#passes.push({ at: this.now, worker: event.worker });
    }
    if (event.type === 'probed' && event.last) this.#inFlight.delete(event.scope);
    const [state, effects] = this.#machine.step(before, event, this.#policy);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#checkAfter(before, event, effects);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'release': {
        const released = [...this.#open].filter(([, { worker }]) => effect.workers.includes(worker));
        for (const worker of effect.workers) {
          assertRule(
            released.some(([, one]) => one.worker === worker),
            'a release is for somebody who waits',
          );
        }
        for (const [id, { worker }] of released) {
          this.#open.delete(id);
          this.#checkRelease(worker);
        }
        return;
      }
      case 'reject':
        for (const [id, { wakes }] of this.#open) if (effect.who === 'all' || !wakes) this.#open.delete(id);
        return;
      case 'turn-away':
        assertRule(this.#open.delete(this.#arrived), 'who is turned away has just arrived');
        return;
      case 'probe':
        this.#startProbes(effect.scope, effect.workers);
        return;
      case 'publish':
        this.#startPublish(effect.wokenAt);
    }
  }

  #checkRelease(worker: number): void {
    assertRule(!this.#podless, 'nothing is released to a pod that leaves');
    const last = this.#passes.at(-1);
    assertRule(
      last !== undefined && this.now - last.at <= this.#leaseMs,
      'nothing is released without a probe that passed within the lease',
    );
    // The unbroken run of passes that leads up to now: no gap in it is longer than a lease.
    let start = last!.at;
    const run = [];
    for (const pass of [...this.#passes].reverse()) {
      if (start - pass.at > this.#leaseMs) break;
      start = pass.at;
      run.push(pass.worker);
    }
    const settled = this.now >= start + this.#policy.settleMs;
    assertRule(settled || run.includes(worker), 'a release needs a pass on its own worker, or the settle limit');
    if (this.now >= this.#probationUntil) return;
    const counts = this.#passes.findLast((pass) => settled || pass.worker === worker);
    assertRule(this.now - counts!.at <= 20, 'on probation a release needs a probe that passed just now');
  }

  #startProbes(scope: Scope, workers: readonly number[]): void {
    assertRule(!this.#inFlight.has(scope), 'at most one probe in flight per backend and worker');
    this.#inFlight.add(scope);
    const connections = this.#draw('fanOut', this.#chance.fanOut);
    let left = connections;
    for (let connection = 0; connection < connections; connection++) {
      const worker = workers.length === 0 ? 1 : workers[connection % workers.length]!;
      const delay = this.#draw('probeMs', this.#chance.probeMs);
      const unanswered = this.#draw('unanswered', this.#chance.unanswered);
      this.#queue.push({
        at: this.now + delay,
        order: this.#turns++,
        event: () => {
          left -= 1;
          let outcome: ProbeOutcome = this.#up.get(worker) === true ? 'passed' : 'failed';
          if (unanswered) outcome = 'unanswered';
          return { type: 'probed', scope, outcome, worker, last: left === 0, leaving: this.#podless };
        },
      });
    }
  }

  #startPublish(wokenAt: number): void {
    assertRule(!this.#upAtAddress, 'nothing is woken that is up at its address');
    const previous = this.#lastPublish;
    if (previous?.wokenAt === wokenAt) {
      assertRule(this.now >= previous.after, 'wake-ups within one activation are spaced');
    }
    // Until Dapr has answered, no second one; what is allowed after that is set with the answer.
    this.#lastPublish = { at: this.now, wokenAt, after: Infinity };
    const outcome = this.#draw('publishOutcomes', this.#chance.publishOutcomes);
    const delay = this.#draw('publishMs', this.#chance.publishMs);
    this.#queue.push({
      at: this.now + delay,
      order: this.#turns++,
      event: () => {
        if (this.#lastPublish?.wokenAt === wokenAt) {
          const spacing = outcome === 'accepted' ? wakeWindowMs(this.#policy) : 200;
          this.#lastPublish = { at: this.now, wokenAt, after: this.now + spacing };
        }
        return { type: 'published', wokenAt, outcome };
      },
    });
  }

  #checkAfter(before: State, event: Event, effects: readonly Effect[]): void {
    // A probe that failed says that the target is withdrawn, from one worker after the other.
    if (this.#state.kind === 'waking' && before.kind !== 'waking') this.#probationUntil = this.now + WITHDRAWAL_MS;
    if (this.#state.kind === 'idle') this.#probationUntil = 0;
    if (event.type === 'probed') this.#checkProbed(before, event, effects);
    if (event.type === 'published' && event.outcome === 'refused' && before.kind === 'waking') {
      if (before.wokenAt === event.wokenAt)
        assertRule(this.#open.size === 0, 'a refused wake-up settles the held at once');
    }
  }

  #checkProbed(before: State, event: EventOf<'probed'>, effects: readonly Effect[]): void {
    if (event.outcome === 'passed' && event.leaving !== true) {
      this.#askedWhileUnknown = false;
      const stranded = [...this.#open.values()].some(({ worker }) => worker === event.worker);
      assertRule(!stranded || this.#policy.successes > 1, 'a passed probe releases all that wait on its worker');
      return;
    }
    if (before.kind !== 'probing' || this.#inFlight.size > 0) return;
    const woken = effects.some(({ type }) => type === 'publish');
    assertRule(woken || !this.#askedWhileUnknown || this.#upAtAddress, 'a wake-up outlives the client that caused it');
    this.#askedWhileUnknown = false;
  }
}
