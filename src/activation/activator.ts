import type { Backend } from '../core/backend';
import { step } from '../core/backend-state';
import type { ErrorCode, ServerlessError } from '../core/errors';
import { isOpen } from '../core/release';
import type { Lane } from '../core/ports';
import type { ProbeResult } from '../core/reports';
import { dueAt, earlier, renewalDueAt } from '../core/schedule';
import type { Effect, Event, Happening, Scope, State } from '../core/state';
import { IDLE } from '../core/state';
import type { BackendStatus } from '../core/status';
import { ActivationLog, type ActivationLogParts } from './activation-log';
import { ActivationTrace } from './activation-trace';
import { backendStatus } from './backend-status';
import { Alarm } from './alarm';
import { AddressLanes } from './address-lanes';
import type { ActivatorParts, Arrival, Entry } from './arrival';
import { Configurations } from './configurations';
import { Holds } from './holds';
import { Origins } from './origin';
import { Pods } from './pods';
import { Probing } from './probing';
import { Publishing } from './publishing';
import { codeOf, rejection } from './rejection';
import { type HeldRequest, Waiters } from './waiters';

/**
 * Runs one backend: gives the state machine its events and carries out its effects. There is one per backend in the process, however
 * many plugin instances and nginx workers there are (K12).
 */
export class Activator {
  readonly #parts: ActivatorParts;
  #state: State = IDLE;
  readonly #configurations: Configurations;
  readonly #waiters: Waiters;
  readonly #origins: Origins;
  readonly #log: ActivationLog;
  readonly #publishing: Publishing;
  readonly #probing: Probing;
  readonly #pods: Pods;
  readonly #lanes: AddressLanes;
  readonly #holds: Holds;
  readonly #alarm: Alarm;
  #lastUsed: number;
  #closed = false;

  constructor(backend: Backend, parts: ActivatorParts) {
    this.#parts = parts;
    const { clock, random, observer, budget, prober, addressProber, endpoints } = parts;
    const { target } = backend;
    this.#lastUsed = clock.now();
    this.#configurations = new Configurations(backend, parts);
    this.#waiters = new Waiters(clock, budget, (settlement) => {
      observer.settled(target, settlement);
    });
    const current = (): Backend => this.backend;
    this.#origins = new Origins(() => this.backend.probe);
    const trace = ActivationTrace.of(parts, target, this.#origins);
    const facts: ActivationLogParts['facts'] = () => ({ ...this.#origins.facts, service: this.#pods.service });
    this.#log = new ActivationLog({ backend: target, facts, clock, observer, trace });
    this.#pods = new Pods(endpoints, clock, {
      onChange: (service) => {
        this.#log.pods(this.#pods.all);
        this.#lanes.changed(service);
      },
      onWithdrawn: () => {
        this.#step({ type: 'withdrawn' });
      },
    });
    this.#publishing = new Publishing(current, parts, this.#log, this.#pods, this.#origins, this.#waiters);
    this.#probing = new Probing({ backend: current, clock, prober, origins: this.#origins, onResult: this.#probed });
    this.#alarm = new Alarm(clock, () => {
      this.#expire();
      this.#step({ type: 'tick' });
    });
    this.#lanes = new AddressLanes({
      backend: current,
      clock,
      random,
      prober: addressProber,
      pods: this.#pods,
      onAnswer: ({ outcome, report }) => {
        this.#log.probed(outcome);
        this.#probing.heard(report);
        observer.probed(target, outcome);
      },
      onOpen: (requests) => {
        this.#publishing.limits.succeeded();
        this.#holds.opened(requests);
      },
    });
    this.#holds = new Holds({
      ...{ waiters: this.#waiters, origins: this.#origins, pods: this.#pods, lanes: this.#lanes },
      ...{ log: this.#log, publishing: this.#publishing, onLeft: this.#left },
    });
  }

  /** What holds for the backend now. */
  get backend(): Backend {
    return this.#configurations.current;
  }

  /** An instance with this configuration of the backend has started. */
  configure(backend: Backend): void {
    this.#configurations.use(backend);
  }

  /** Whether a request on this worker may pass without asking anything. */
  isOpen(worker: number): boolean {
    // Without a health path nothing is ever known: every request is activity, and none waits.
    if (this.backend.healthPath === undefined) return true;
    return isOpen(this.#state, worker, this.#parts.clock.now(), this.backend.policy);
  }

  /** Counts requests that passed. They keep the backend up, and its lease fresh. */
  passed(requests: number, worker: number): void {
    const now = this.#parts.clock.now();
    this.#lastUsed = now;
    this.#publishing.count(requests);
    const state = this.#state;
    if (state.kind !== 'ready' || now < renewalDueAt(state, this.backend.policy)) return;
    this.#parts.observer.renewed(this.backend.target);
    this.#step({ type: 'renew', worker });
  }

  /** Lets a request pass, rejects it, or holds it. */
  enter(arrival: Arrival): Entry {
    const { worker, wakes, backend } = arrival;
    const { clock, budget } = this.#parts;
    this.#configurations.use(backend);
    if (this.isOpen(worker)) {
      if (wakes) this.passed(1, worker);
      return { kind: 'released', heldMs: 0 };
    }
    this.#lastUsed = clock.now();
    const room = budget.held < budget.max && this.#waiters.size < backend.policy.maxHeld;
    const effects = this.#apply({ type: 'arrive', worker, wakes, room, asleep: this.#pods.asleep });
    const turnedAway = effects.find((effect) => effect.type === 'turn-away');
    if (turnedAway !== undefined) {
      const error = this.#error(turnedAway.code);
      this.#log.rejected(error.code);
      this.#parts.observer.settled(backend.target, { outcome: error.code, heldMs: 0, worker });
      return { kind: 'rejected', error };
    }
    const hold = this.#holds.add(arrival);
    // Not before: the machine may just have found that nothing is known any more, and then no message may go out.
    if (wakes) this.#publishing.count(1);
    this.#carryOut(effects);
    return hold;
  }

  /** Whether nobody has needed it for so long that it may be forgotten. One that is seen to sleep has its time asleep counted. */
  isUnused({ idleMs, asleepMs }: { readonly idleMs: number; readonly asleepMs: number }): boolean {
    if (this.#waiters.size > 0 || this.#publishing.isInFlight || !this.#publishing.limits.isBlank) return false;
    return this.#parts.clock.now() - this.#lastUsed >= (this.#pods.asleep ? asleepMs : idleMs);
  }

  /** Frees timers and connections. Requests held are not answered any more. */
  close(): void {
    this.#closed = true;
    this.#alarm.set(undefined);
    for (const part of [this.#publishing, this.#probing, this.#pods, this.#lanes]) part.close();
  }

  /** Forgets that it is ready, and what was not published yet. False: requests wait, and nothing is forgotten. */
  forget(): boolean {
    if (this.#waiters.size > 0) return false;
    this.#publishing.drop();
    this.#step({ type: 'withdrawn' });
    return true;
  }

  /** What it does now, for people and tools. */
  status(): BackendStatus {
    return backendStatus({
      backend: this.backend,
      state: this.#state,
      now: this.#parts.clock.now(),
      held: this.#waiters.size,
      lanes: this.#lanes,
      pods: this.#pods,
      lastProbe: this.#probing.lastReport,
      lastPublish: this.#publishing.lastReport,
      lastRejection: this.#log.lastRejection,
      coldStarts: this.#log.coldStarts,
    });
  }

  /** One waits no more. That asks for nothing: what is due then is the tick's. */
  readonly #left = ({ worker, wakes }: Pick<HeldRequest, 'worker' | 'wakes'>): void => {
    this.#apply({ type: 'leave', worker, wakes });
    this.#arm();
  };

  #step(happening: Happening): void {
    this.#carryOut(this.#apply(happening));
  }

  /** Tells the machine what happened. Returns what is to be done. */
  #apply(happening: Happening): readonly Effect[] {
    if (this.#closed) return [];
    const before = this.#state;
    const { clock, random } = this.#parts;
    const event: Event = { ...happening, now: clock.now(), jitter: random() * 2 - 1, up: this.#lanes.isOpen };
    const [state, effects] = step(before, event, this.backend.policy);
    this.#state = state;
    this.#follow(before, state);
    return effects;
  }

  #follow(before: State, state: State): void {
    if (before.kind === state.kind) return;
    if (state.kind === 'ready') {
      this.#publishing.limits.succeeded();
      this.#log.ready(this.#waiters.size, 'worker');
      this.#publishing.open();
      return;
    }
    this.#publishing.hold();
    if (state.kind === 'probing' || (state.kind === 'waking' && before.kind !== 'probing')) {
      this.#log.began();
      this.#origins.began();
    }
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#run(effect);
    this.#arm();
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'release':
        for (const worker of effect.workers) this.#waiters.release(worker, this.#laneOf(worker));
        return;
      case 'turn-away':
        return; // `enter` has answered it.
      case 'reject':
        this.#log.rejected(codeOf(effect.code, this.#publishing.limits.denied));
        this.#waiters.reject(effect.who, this.#error(effect.code));
        this.#dropActivityOfNobody();
        return;
      case 'probe':
        this.#probing.probe(effect.scope, effect.workers);
        return;
      case 'publish':
        this.#wake(effect.wokenAt);
    }
  }

  /** What opened a worker, now that it is open. */
  #laneOf(worker: number): Lane {
    return this.#state.kind === 'ready' && this.#state.proven.has(worker) ? 'worker' : 'settle';
  }

  /** Nobody waits any more for what they asked for. */
  #dropActivityOfNobody(): void {
    if (this.#waiters.size === 0 && this.#state.kind !== 'ready') this.#publishing.drop();
  }

  #wake(wokenAt: number): void {
    void this.#publishing.wake(wokenAt).then(({ outcome }) => {
      if (this.#closed) return;
      if (outcome === 'accepted') {
        this.#log.woken();
        if (this.#state.kind === 'waking') this.#publishing.open();
      }
      this.#step({ type: 'published', wokenAt, outcome });
    });
  }

  readonly #probed = (scope: Scope, { outcome, worker, last }: ProbeResult): void => {
    this.#log.probed(outcome);
    this.#step({ type: 'probed', scope, outcome, worker, last, leaving: this.#pods.leaving });
    this.#parts.observer.probed(this.backend.target, outcome);
  };

  #error(code: ErrorCode): ServerlessError {
    return rejection(code, this.backend, this.#probing, this.#publishing, this.#pods.all);
  }

  #expire(): void {
    const due = this.#waiters.takeDue(this.#parts.clock.now());
    if (due.length === 0) return;
    const error = this.#error('SERVERLESS_HOLD_TIMEOUT');
    this.#log.rejected(error.code);
    for (const one of due) {
      this.#waiters.rejectOne(one, error);
      this.#left(one);
    }
    this.#dropActivityOfNobody();
    if (this.#waiters.size === 0 && this.#state.kind === 'waking' && this.#publishing.limits.failed())
      this.#step({ type: 'given-up' });
  }

  /** For what is due next: of the machine or of those who wait. */
  #arm(): void {
    if (this.#closed) return;
    this.#alarm.set(earlier(dueAt(this.#state, this.backend.policy), this.#waiters.nextDeadline));
  }
}
