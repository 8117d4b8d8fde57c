/** How many requests wait on one nginx worker. */
interface Count {
  /** Those that want the backend up. */
  readonly wakes: number;
  /** Those that must not wake it: they only want to know whether it is up. */
  readonly others: number;
}

/**
 * Who waits, by nginx worker. All that the machine has to know of a request is on which worker it waits and whether it wakes, so a step
 * costs the same for one request and for 20,000.
 */
export type Waiting = ReadonlyMap<number, Count>;

/** A request that waits. */
export interface Waiter {
  /** The nginx worker that runs it. */
  readonly worker: number;
  /** False for one that must not wake the backend. */
  readonly wakes: boolean;
}

export const NOBODY: Waiting = new Map();

/** With one more. */
export function join(waiting: Waiting, waiter: Waiter): Waiting {
  return changed(waiting, waiter, 1);
}

/** With one less. */
export function leave(waiting: Waiting, waiter: Waiter): Waiting {
  return changed(waiting, waiter, -1);
}

function changed(waiting: Waiting, { worker, wakes }: Waiter, by: 1 | -1): Waiting {
  const count = waiting.get(worker);
  const next = {
    wakes: (count?.wakes ?? 0) + (wakes ? by : 0),
    others: (count?.others ?? 0) + (wakes ? 0 : by),
  };
  const all = new Map(waiting);
  if (next.wakes + next.others > 0) all.set(worker, next);
  else all.delete(worker);
  return all;
}

/** Whether anybody waits who wants the backend up. */
export function anyWakes(waiting: Waiting): boolean {
  for (const { wakes } of waiting.values()) if (wakes > 0) return true;
  return false;
}

/** Whether anybody waits who must not wake it. */
export function anyOther(waiting: Waiting): boolean {
  for (const { others } of waiting.values()) if (others > 0) return true;
  return false;
}

/** Only those who want the backend up. */
export function wakersOf(waiting: Waiting): Waiting {
  const wakers = new Map<number, Count>();
  for (const [worker, { wakes }] of waiting) if (wakes > 0) wakers.set(worker, { wakes, others: 0 });
  return wakers;
}

/** Parts the workers of which the test holds from the others. */
export function part(waiting: Waiting, test: (worker: number) => boolean): [workers: number[], rest: Waiting] {
  const workers = workersOf(waiting).filter(test);
  if (workers.length === 0) return [workers, waiting];
  const rest = new Map(waiting);
  for (const worker of workers) rest.delete(worker);
  return [workers, rest];
}

/** The workers with requests waiting, in the order in which they began to. */
export function workersOf(waiting: Waiting): number[] {
  return [...waiting.keys()];
}
