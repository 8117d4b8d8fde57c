import type { ErrorCode } from './errors';

/** A request that waits for its backend. */
export interface Held {
  readonly id: number;
  /** The nginx worker that runs it. */
  readonly worker: number;
  /** It is settled at this moment at the latest, milliseconds. */
  readonly deadline: number;
  /** False for one that must not wake the backend: it only wants to know whether the backend is up. */
  readonly wakes: boolean;
}

/** What the machine asks its owner to do. */
export type Effect =
  | { readonly type: 'release'; readonly ids: readonly number[] }
  | { readonly type: 'reject'; readonly ids: readonly number[]; readonly code: ErrorCode }
  /** Ask the health path, in one round named by `scope`, through a worker of `workers` (any, when empty). */
  | { readonly type: 'probe'; readonly scope: number; readonly workers: readonly number[] }
  /** Publish a cold-start wake-up: the `attempt`th of the activation that began at `wokenAt`. */
  | { readonly type: 'publish'; readonly wokenAt: number; readonly attempt: number };

/** Splits a list in one pass. */
export function partition(held: readonly Held[], test: (one: Held) => boolean): [yes: Held[], no: Held[]] {
  const yes: Held[] = [];
  const no: Held[] = [];
  for (const one of held) (test(one) ? yes : no).push(one);
  return [yes, no];
}

export function releaseOf(held: readonly Held[]): Effect[] {
  return held.length === 0 ? [] : [{ type: 'release', ids: held.map(({ id }) => id) }];
}

export function rejectOf(held: readonly Held[], code: ErrorCode): Effect[] {
  return held.length === 0 ? [] : [{ type: 'reject', ids: held.map(({ id }) => id), code }];
}

/** The workers that have requests waiting, each once, in order of arrival. */
export function workersOf(held: readonly Held[]): number[] {
  return [...new Set(held.map(({ worker }) => worker))];
}

export function earliestDeadline(held: readonly Held[]): number {
  let earliest = Infinity;
  for (const { deadline } of held) if (deadline < earliest) earliest = deadline;
  return earliest;
}
