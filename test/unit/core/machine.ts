import type { Policy } from '../../../src/core/backend';
import type { Event, State, Waking } from '../../../src/core/state';
import { step } from '../../../src/core/backend-state';
import { dueAt, isOpen } from '../../../src/core/schedule';
import { IDLE } from '../../../src/core/state';
import type { Effect } from '../../../src/core/held';
import { UNKNOWN_WORKER } from '../../../src/core/reports';
import { POLICY } from './example-backend';

/** Two nginx workers. */
export const [A, B] = [11, 12];

/** `Omit` of each member of a union. */
export type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** One backend, told what happens at which millisecond. */
export class Machine {
  state: State = IDLE;
  effects: readonly Effect[] = [];
  readonly #policy: Policy;

  constructor(policy: Partial<Policy> = {}) {
    this.#policy = { ...POLICY, ...policy };
  }

  get due(): number | undefined {
    return dueAt(this.state, this.#policy);
  }

  at(now: number, event: DistributiveOmit<Event, 'now' | 'jitter'>, jitter = 0): this {
    [this.state, this.effects] = step(this.state, { ...event, now, jitter }, this.#policy);
    return this;
  }

  arrive(now: number, id: number, worker = A, { wakes = true, room = true } = {}): this {
    return this.at(now, { type: 'arrive', id, worker, deadline: now + this.#policy.holdTimeoutMs, wakes, room });
  }

  leave(now: number, id: number): this {
    return this.at(now, { type: 'leave', id });
  }

  probed(now: number, outcome: 'passed' | 'failed' | 'unanswered', worker = A, scope = UNKNOWN_WORKER): this {
    return this.at(now, { type: 'probed', scope, outcome, worker, last: true });
  }

  published(now: number, outcome: 'accepted' | 'retry' | 'refused'): this {
    return this.at(now, { type: 'published', wokenAt: (this.state as Waking).wokenAt, outcome });
  }

  tick(now: number): this {
    return this.at(now, { type: 'tick' });
  }

  isOpen(worker: number, now: number): boolean {
    return isOpen(this.state, worker, now, this.#policy);
  }

  /** Asleep, woken at 10, one request of worker A held. */
  static waking(policy: Partial<Policy> = {}): Machine {
    return new Machine(policy).arrive(0, 1).probed(10, 'failed');
  }

  /** Ready at 10 on worker A, nobody held. */
  static ready(policy: Partial<Policy> = {}): Machine {
    return new Machine(policy).arrive(0, 1).probed(10, 'passed');
  }
}

/** Effects, as a test expects them. */
export const probe = (scope: number, ...workers: number[]): Effect => ({ type: 'probe', scope, workers });
export const released = (...ids: number[]): Effect => ({ type: 'release', ids });
export const rejected = (code: string, ...ids: number[]) => ({ type: 'reject', ids, code });
