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
}

/** Holds nothing more, and answers what is held: as it settles, or with a 503 once the limit is over. */
export async function drain({ product, events, clock, limitMs, exitBy }: DrainOptions): Promise<void> {
  product.drain();
  if (!(await resolvesWithin(clock, product.settled(), limitMs))) {
    events.rejectHeld(shuttingDown());
  }
  await pollUntil(clock, () => events.size === 0, LAST_ANSWERS_MS, exitBy);
}

async function resolvesWithin(clock: Clock, promise: Promise<void>, limitMs: number): Promise<boolean> {
  let cancel = (): void => undefined;
  const timeout = new Promise<boolean>((resolve) => {
    cancel = clock.after(limitMs, () => {
      resolve(false);
    });
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    cancel();
  }
}
