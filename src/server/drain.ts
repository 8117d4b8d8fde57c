import { shuttingDown } from '../core/errors';
import type { Clock } from '../core/ports';
import type { Product } from '../kong/contract';
import type { Events } from './events';
import { pollUntil } from './poll';

/** How long requests that are settled may take to hear of it. */
const LAST_ANSWERS_MS = 1000;

export interface DrainOptions {
  readonly product: Pick<Product, 'drain' | 'settled'>;
  readonly events: Events;
  readonly clock: Clock;
  /** How long requests may still be held. */
  readonly limitMs: number;
  /** When the process must have exited, on the clock. */
  readonly exitBy: number;
  /** Resolves when a standby is there, to which everything can be passed on instead. */
  readonly standby: Promise<void>;
}

/** Why a drain is over. */
type End = 'settled' | 'limit' | 'standby';

/**
 * Holds nothing more, and answers what is held: as it settles, or with a 503 once the limit is over. A standby ends it early: what is
 * held by then still is.
 */
export async function drain({ product, events, clock, limitMs, exitBy, standby }: DrainOptions): Promise<End> {
  product.drain();
  const end = await endOf(clock, limitMs, product.settled(), standby);
  if (end === 'limit') events.rejectHeld(shuttingDown());
  if (end !== 'standby') await pollUntil(clock, () => events.size === 0, LAST_ANSWERS_MS, exitBy);
  return end;
}

async function endOf(clock: Clock, limitMs: number, settled: Promise<void>, standby: Promise<void>): Promise<End> {
  let cancel = (): void => undefined;
  const limit = new Promise<End>((resolve) => {
    cancel = clock.after(limitMs, () => {
      resolve('limit');
    });
  });
  try {
    return await Promise.race([settled.then((): End => 'settled'), standby.then((): End => 'standby'), limit]);
  } finally {
    cancel();
  }
}
