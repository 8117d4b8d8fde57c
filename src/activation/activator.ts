import type { Backend } from '../core/backend';
import type { Effect } from '../core/held';
import type { Event, State } from '../core/state';
import { step } from '../core/backend-state';
import { dueAt, isOpen, renewalDueAt } from '../core/schedule';
import { IDLE } from '../core/state';
import { ServerlessError } from '../core/errors';
import type { ProbeReport, ProbeResult, PublishReport } from '../core/reports';
import { ActivityReporter } from './activity-reporter';
import { ActivationLog } from './activation-log';
import type { ActivatorParts, Arrival, Hold, Origin, Outcome } from './arrival';
import { detailOf } from './refusal';

interface Waiter {
  readonly since: number;
  /** False while it is not known yet whether it has to wait. */
  held: boolean;
  readonly settle: (outcome: Outcome) => void;
}

const NO_ORIGIN: Origin = { host: undefined, traceparent: undefined };
/** Two calls to Kong take well under a millisecond. */
const ORIGIN_TIMEOUT_MS = 250;

/**
 * Runs one backend: gives the state machine its events, carries out its effects, and owns the requests that wait. There is one
 * per backend in the process, however many plugin instances and nginx workers there are (K12).
 */
export class Activator {
  #state: State = IDLE;
  #backend: Backend;
  readonly #waiters = new Map<number, Waiter>();
  readonly #log: ActivationLog;
  readonly #activity: ActivityReporter;
  #nextId = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #lastUsed: number;
  #closed = false;
  #origin: Origin = NO_ORIGIN;
  #originKnown: Promise<void> | undefined;
  #lastProbe: ProbeReport | undefined;
  #lastPublish: PublishReport | undefined;

  constructor(
    backend: Backend,
    private readonly parts: ActivatorParts,
  ) {
    this.#backend = backend;
    this.#lastUsed = parts.clock.now();
    this.#log = new ActivationLog(backend.target, parts.clock, parts.observer);
    this.#activity = new ActivityReporter(
      () => this.#backend.policy,
      parts.clock,
      (requests) => this.#publish('activity', requests),
    );
    // Without a health path nothing is ever known: every request is activity, and none waits.
    if (backend.healthPath === undefined) this.#activity.open();
  }

  /** The configuration may have changed in what does not make it another backend: the latest holds. */
  set backend(backend: Backend) {
    this.#backend = backend;
  }

  /** Whether a request on this worker may pass without asking anything. */
  isOpen(worker: number): boolean {
    if (this.#backend.healthPath === undefined) return true;
    return isOpen(this.#state, worker, this.parts.clock.now(), this.#backend.policy);
  }

  /** Counts requests that passed. They keep the backend up, and its lease fresh. */
  passed(requests: number, worker: number): void {
    const now = this.parts.clock.now();
    this.#lastUsed = now;
    this.#activity.count(requests);
    const state = this.#state;
    if (state.kind !== 'ready' || now < renewalDueAt(state, this.#backend.policy)) return;
    // The request itself has gone on: what the machine hears is only that somebody needs the lease.
    this.#step({ type: 'arrive', id: this.#nextId++, worker, deadline: now, wakes: true, room: true });
  }

  /** Whether the next request to enter begins an activation, and so should bring its origin. */
  get wantsOrigin(): boolean {
    return this.#waiters.size === 0 && this.#originKnown === undefined;
  }

  /** Lets a request pass, refuses it, or holds it. */
  enter(arrival: Arrival): Outcome | Hold {
    const { clock, budget } = this.parts;
    const now = clock.now();
    this.#lastUsed = now;
    const id = this.#nextId++;
    if (arrival.origin !== undefined) this.#awaitOrigin(arrival.origin);
    let settled: Outcome | undefined;
    let resolve: ((outcome: Outcome) => void) | undefined;
    const settle = (outcome: Outcome): void => {
      if (resolve === undefined) settled = outcome;
      else resolve(outcome);
    };
    const waiter: Waiter = { since: now, held: false, settle };
    this.#waiters.set(id, waiter);
    budget.take();
    this.#step({
      type: 'arrive',
      id,
      worker: arrival.worker,
      deadline: now + this.#backend.policy.holdTimeoutMs,
      wakes: arrival.wakes,
      room: budget.held <= budget.max,
    });
    // Not before: the machine may just have found that nothing is known any more, and then no message may go out.
    if (arrival.wakes && settled?.kind !== 'rejected') this.#activity.count(1);
    if (settled !== undefined) return settled;
    waiter.held = true;
    return {
      outcome: new Promise((done) => {
        resolve = done;
      }),
      leave: () => {
        this.#leave(id);
      },
    };
  }

  /** Whether nobody has needed it for so long that it may be forgotten. */
  isUnused(idleMs: number): boolean {
    return this.#waiters.size === 0 && this.parts.clock.now() - this.#lastUsed >= idleMs;
  }

  /** Frees timers and connections. Requests held are not answered any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#activity.close();
    this.parts.prober.close();
  }

  status(): object {
    const { target, pubsub, topic, policy } = this.#backend;
    const state = this.#state;
    // A lease that ran out is not renewed while nobody asks: then nothing is known.
    const lapsed = state.kind === 'ready' && this.parts.clock.now() >= state.leaseUntil && state.held.length === 0;
    return {
      target,
      pubsub,
      topic,
      state: lapsed ? 'idle' : state.kind,
      held: this.#waiters.size,
      maxHeld: policy.maxHeld,
      lastProbe: this.#lastProbe,
      lastPublish: this.#lastPublish,
      coldStarts: this.#log.coldStarts,
    };
  }

  /** What a refusal tells about this backend. */
  context(): { backend: string; lastProbe: ProbeReport | undefined; lastPublish: PublishReport | undefined } {
    return { backend: this.#backend.target, lastProbe: this.#lastProbe, lastPublish: this.#lastPublish };
  }

  #step(event: DistributiveOmit<Event, 'now' | 'jitter'>): void {
    if (this.#closed) return;
    const before = this.#state;
    const timed: Event = { ...event, now: this.parts.clock.now(), jitter: this.parts.random() * 2 - 1 };
    const [state, effects] = step(before, timed, this.#backend.policy);
    this.#state = state;
    this.#follow(before, state);
    for (const effect of effects) this.#run(effect);
    this.#arm();
  }

  #follow(before: State, state: State): void {
    if (before.kind === state.kind) return;
    if (state.kind === 'ready') {
      this.#log.ready(this.#waiters.size);
      this.#activity.open();
      return;
    }
    this.#activity.close();
    if (state.kind === 'probing' || (state.kind === 'waking' && before.kind === 'ready')) this.#log.began();
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'release':
        for (const id of effect.ids) this.#settle(id, 'released', (heldMs) => ({ kind: 'released', heldMs }));
        return;
      case 'reject': {
        const { code } = effect;
        const error = new ServerlessError(code, detailOf(code, this.#backend.topic, this.#lastPublish), {
          ...this.context(),
          ...(code === 'SERVERLESS_NO_WAKE' ? { status: this.#backend.noWakeStatus } : {}),
        });
        for (const id of effect.ids) this.#settle(id, code, () => ({ kind: 'rejected', error }));
        // Nobody waits any more for what they asked for.
        if (this.#waiters.size === 0 && this.#state.kind !== 'ready') this.#activity.drop();
        return;
      }
      case 'probe':
        if (this.#originKnown === undefined) this.#probe(effect);
        else {
          void this.#originKnown.then(() => {
            this.#probe(effect);
          });
        }
        return;
      case 'publish':
        this.#activity.wakeUpSent();
        void this.#publish('cold-start', 1).then(({ outcome }) => {
          if (this.#closed) return;
          if (outcome === 'accepted') {
            this.#log.woken();
            if (this.#state.kind === 'waking') this.#activity.open();
          }
          this.#step({ type: 'published', wokenAt: effect.wokenAt, outcome });
        });
    }
  }

  /** A probe needs the Host of the request that caused it, but does not wait long: its client may be gone. */
  #awaitOrigin(origin: Promise<Origin>): void {
    this.#originKnown = new Promise<void>((resolve) => {
      const giveUp = this.parts.clock.after(ORIGIN_TIMEOUT_MS, resolve);
      void origin
        .then(
          (known) => {
            this.#origin = known;
          },
          () => undefined,
        )
        .then(() => {
          giveUp();
          resolve();
        });
    }).then(() => {
      this.#originKnown = undefined;
    });
  }

  #probe({ scope, workers }: { readonly scope: number; readonly workers: readonly number[] }): void {
    if (this.#closed) return;
    const round = { workers, host: this.#origin.host, settings: this.#backend.probe };
    this.parts.prober.probe(round, (result) => {
      this.#onProbed(scope, result);
    });
  }

  #onProbed(scope: number, result: ProbeResult): void {
    this.#lastProbe = result.report;
    this.#log.probed();
    this.parts.observer.probed(this.#backend.target, result.outcome);
    this.#step({ type: 'probed', scope, outcome: result.outcome, worker: result.worker, last: result.last });
  }

  async #publish(reason: 'cold-start' | 'activity', requests: number): Promise<PublishReport> {
    const { target, pubsub, topic, policy } = this.#backend;
    const { gateway, clock, publisher, observer } = this.parts;
    this.#log.published(reason);
    const report = await publisher.publish(
      { pubsub, topic, ttlMs: policy.messageTtlMs },
      { reason, backend: target, requests, gateway, at: clock.wall() },
      reason === 'cold-start' ? this.#origin.traceparent : undefined,
    );
    this.#lastPublish = report;
    observer.published(target, reason, report);
    return report;
  }

  #settle(id: number, name: string, outcome: (heldMs: number) => Outcome): void {
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return;
    this.#waiters.delete(id);
    this.parts.budget.give();
    const heldMs = this.parts.clock.now() - waiter.since;
    if (waiter.held || name !== 'released') this.parts.observer.settled(this.#backend.target, name, heldMs);
    waiter.settle(outcome(heldMs));
  }

  #leave(id: number): void {
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return;
    this.#waiters.delete(id);
    this.parts.budget.give();
    this.parts.observer.settled(this.#backend.target, 'client-gone', this.parts.clock.now() - waiter.since);
    this.#step({ type: 'leave', id });
  }

  #arm(): void {
    const at = dueAt(this.#state, this.#backend.policy);
    if (at === this.#timer?.at) return;
    this.#timer?.cancel();
    this.#timer =
      at === undefined
        ? undefined
        : {
            at,
            cancel: this.parts.clock.after(Math.max(0, at - this.parts.clock.now()), () => {
              this.#timer = undefined;
              this.#step({ type: 'tick' });
            }),
          };
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
