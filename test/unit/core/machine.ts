import type { Policy } from '../../../src/core/backend';
import type { Effect, Event, Scope, State, Waking } from '../../../src/core/state';
import { step } from '../../../src/core/backend-state';
import { isOpen } from '../../../src/core/release';
import { dueAt } from '../../../src/core/schedule';
import { IDLE } from '../../../src/core/state';
import type { DistributiveOmit } from '../../../src/core/types';
import { POLICY } from './example-backend';

/** Two nginx workers. */
export const [A, B] = [11, 12];

interface Request {
  readonly id: number;
  readonly worker: number;
  readonly wakes: boolean;
}

/** An effect, as a test reads it: of whom it is, by the numbers that the test gave them. */
export type Seen =
  | { readonly type: 'release'; readonly ids: readonly number[] }
  | { readonly type: 'reject'; readonly ids: readonly number[]; readonly code: string }
  | Extract<Effect, { type: 'probe' | 'publish' }>;

/** One backend, told what happens at which millisecond. It keeps the books of who waits, as the machine's owner does. */
export class Machine {
  state: State = IDLE;
  effects: readonly Seen[] = [];
  #waiting: Request[] = [];
  readonly #policy: Policy;

  constructor(policy: Partial<Policy> = {}) {
    this.#policy = { ...POLICY, ...policy };
  }

  get due(): number | undefined {
    return dueAt(this.state, this.#policy);
  }

  at(now: number, event: DistributiveOmit<Event, 'now' | 'jitter'>, jitter = 0): this {
    const [state, effects] = step(this.state, { ...event, now, jitter }, this.#policy);
    this.state = state;
    this.effects = effects.map((effect) => this.#seen(effect));
    return this;
  }

  arrive(now: number, id: number, worker = A, { wakes = true, room = true } = {}): this {
    this.#waiting.push({ id, worker, wakes });
    return this.at(now, { type: 'arrive', worker, wakes, room });
  }

  /** A request passed on this worker without entering. */
  renew(now: number, worker = A): this {
    return this.at(now, { type: 'renew', worker });
  }

  leave(now: number, id: number): this {
    const [one] = this.#take((other) => other.id === id);
    return this.at(now, { type: 'leave', worker: one?.worker ?? A, wakes: one?.wakes ?? true });
  }

  probed(
    now: number,
    outcome: 'passed' | 'failed' | 'timed-out' | 'unanswered',
    worker = A,
    scope: Scope = 'any',
  ): this {
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

  #take(test: (request: Request) => boolean): Request[] {
    const taken = this.#waiting.filter(test);
    this.#waiting = this.#waiting.filter((request) => !test(request));
    return taken;
  }

  #seen(effect: Effect): Seen {
    const ids = (requests: Request[]): number[] => requests.map(({ id }) => id);
    switch (effect.type) {
      case 'release':
        return { type: 'release', ids: ids(this.#take(({ worker }) => effect.workers.includes(worker))) };
      case 'reject':
        return {
          type: 'reject',
          ids: ids(this.#take(({ wakes }) => effect.who === 'all' || !wakes)),
          code: effect.code,
        };
      case 'turn-away': {
        const arrived = this.#waiting.at(-1);
        return { type: 'reject', ids: ids(this.#take((one) => one === arrived)), code: effect.code };
      }
      case 'probe':
      case 'publish':
        return effect;
    }
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
export const probe = (scope: Scope, ...workers: number[]): Seen => ({ type: 'probe', scope, workers });
export const released = (...ids: number[]): Seen => ({ type: 'release', ids });
export const published = (wokenAt: number): Seen => ({ type: 'publish', wokenAt });
export const rejected = (code: string, ...ids: number[]): Seen => ({ type: 'reject', ids, code });
