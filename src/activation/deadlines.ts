/** A link of a queue. Its owner keeps it to leave the queue. */
export interface Queued<T> {
  readonly value: T;
  readonly deadline: number;
  before: Queued<T> | undefined;
  after: Queued<T> | undefined;
  queue: Queue<T> | undefined;
}

interface Queue<T> {
  first: Queued<T> | undefined;
  last: Queued<T> | undefined;
}

/**
 * Who has to be settled by when. One queue per length of a hold: in each, whoever came first is due first, so joining, leaving and
 * finding the next cost the same however many there are. There are as many lengths as configurations name.
 */
export class Deadlines<T> {
  readonly #queues = new Map<number, Queue<T>>();

  /** @param holdMs how long the hold may last from now on, milliseconds */
  add(value: T, now: number, holdMs: number): Queued<T> {
    let queue = this.#queues.get(holdMs);
    if (queue === undefined) this.#queues.set(holdMs, (queue = { first: undefined, last: undefined }));
    const one: Queued<T> = { value, deadline: now + holdMs, before: queue.last, after: undefined, queue };
    if (queue.last === undefined) queue.first = one;
    else queue.last.after = one;
    queue.last = one;
    return one;
  }

  remove(one: Queued<T>): void {
    const { before, after, queue } = one;
    if (queue === undefined) return;
    if (before === undefined) queue.first = after;
    else before.after = after;
    if (after === undefined) queue.last = before;
    else after.before = before;
    one.before = one.after = one.queue = undefined;
  }

  /** The earliest deadline; undefined where nobody has one. */
  get next(): number | undefined {
    let earliest: number | undefined;
    for (const { first } of this.#queues.values()) {
      if (first !== undefined && (earliest === undefined || first.deadline < earliest)) earliest = first.deadline;
    }
    return earliest;
  }

  /** Removes and returns all whose deadline has come. */
  takeDue(now: number): T[] {
    const due: T[] = [];
    for (const [holdMs, queue] of this.#queues) {
      for (let { first } = queue; first !== undefined && first.deadline <= now; { first } = queue) {
        this.remove(first);
        due.push(first.value);
      }
      // A length that no configuration names any more must not stay for ever.
      if (queue.first === undefined) this.#queues.delete(holdMs);
    }
    return due;
  }
}
