import type { ServerlessError } from '../core/errors';
import type { Clock, Lane, Pin, Settlement } from '../core/ports';
import type { Waiter } from '../core/waiting';
import type { Destination, LeaveReason, Outcome } from './arrival';
import { Deadlines, type Queued } from './deadlines';
import type { HeldBudget } from './held-budget';

/** A request that waits, and how it is told of the end. */
export interface HeldRequest extends Waiter {
  readonly since: number;
  readonly settle: (outcome: Outcome) => void;
  /** Its place in the queue of deadlines, as long as it waits. */
  place: Queued<HeldRequest> | undefined;
  /** Where it could be pinned to, once that is known. */
  destination: Destination | undefined;
}

/** How a hold ended, for those who count. */
export type OnSettled = (settlement: Settlement) => void;

/** The requests that wait for one backend. Each is settled exactly once, or leaves. */
export class Waiters {
  readonly #clock: Clock;
  readonly #budget: HeldBudget;
  readonly #onSettled: OnSettled;
  readonly #byWorker = new Map<number, Set<HeldRequest>>();
  readonly #deadlines = new Deadlines<HeldRequest>();
  #size = 0;

  constructor(clock: Clock, budget: HeldBudget, onSettled: OnSettled) {
    this.#clock = clock;
    this.#budget = budget;
    this.#onSettled = onSettled;
  }

  get size(): number {
    return this.#size;
  }

  /** The earliest deadline; undefined where nobody waits. */
  get nextDeadline(): number | undefined {
    return this.#deadlines.next;
  }

  /** @param holdMs how long it may wait, milliseconds */
  add(request: Pick<HeldRequest, 'worker' | 'wakes' | 'settle'>, holdMs: number): HeldRequest {
    const { worker, wakes, settle } = request;
    const since = this.#clock.now();
    // Written out: on this path a spread costs more than all the rest.
    const one: HeldRequest = { worker, wakes, settle, since, place: undefined, destination: undefined };
    one.place = this.#deadlines.add(one, since, holdMs);
    const onWorker = this.#byWorker.get(worker);
    if (onWorker === undefined) this.#byWorker.set(worker, new Set([one]));
    else onWorker.add(one);
    this.#size += 1;
    this.#budget.take();
    return one;
  }

  /** Lets all go on that wait on this worker. */
  release(worker: number, lane: Lane): void {
    const onWorker = [...(this.#byWorker.get(worker) ?? [])];
    for (const one of onWorker) this.#settle(one, 'released', (heldMs) => ({ kind: 'released', heldMs, lane }), lane);
  }

  /** Lets one go on, to this pod. False: it did not wait any more. */
  releaseTo(one: HeldRequest, pin: Pin): boolean {
    return this.#settle(one, 'released', (heldMs) => ({ kind: 'released', heldMs, pin, lane: 'address' }), 'address');
  }

  /** Answers all that wait, or only those that do not wake. */
  reject(who: 'all' | 'non-waking', error: ServerlessError): void {
    for (const onWorker of [...this.#byWorker.values()]) {
      for (const one of [...onWorker]) {
        if (who === 'all' || !one.wakes) this.rejectOne(one, error);
      }
    }
  }

  rejectOne(one: HeldRequest, error: ServerlessError): void {
    this.#settle(one, error.code, () => ({ kind: 'rejected', error }));
  }

  /** Those whose deadline has come: the caller rejects each. */
  takeDue(now: number): HeldRequest[] {
    return this.#deadlines.takeDue(now);
  }

  /** It waits no more. False: it did not any more. */
  leave(one: HeldRequest, because: LeaveReason = 'client-gone'): boolean {
    if (!this.#remove(one)) return false;
    this.#onSettled({ outcome: because, heldMs: this.#clock.now() - one.since, worker: one.worker });
    return true;
  }

  #settle(one: HeldRequest, name: string, outcome: (heldMs: number) => Outcome, lane?: Lane): boolean {
    if (!this.#remove(one)) return false;
    const heldMs = this.#clock.now() - one.since;
    // First of all: whoever only counts must not come between a request and its answer.
    one.settle(outcome(heldMs));
    this.#onSettled({ outcome: name, heldMs, lane, worker: one.worker });
    return true;
  }

  #remove(one: HeldRequest): boolean {
    const onWorker = this.#byWorker.get(one.worker);
    if (onWorker?.delete(one) !== true) return false;
    if (onWorker.size === 0) this.#byWorker.delete(one.worker);
    if (one.place !== undefined) this.#deadlines.remove(one.place);
    one.place = undefined;
    this.#size -= 1;
    this.#budget.give();
    return true;
  }
}
