import type { Clock } from '../core/ports';
import type { Held } from './hold';

/** What a request gets before its hold has ended, while the wake-up goes on. */
export interface EarlyEnd {
  readonly kind: 'page' | 'fallback' | 'async';
}

/** Ends with `due` after so long, unless something else ends it before: then no timer is left behind. */
export function dueAfter<D>(clock: Clock, afterMs: number, due: D, otherwise: Promise<unknown>): Promise<D> {
  return new Promise((resolve) => {
    const cancel = clock.after(afterMs, () => {
      resolve(due);
    });
    void otherwise.then(cancel);
  });
}

/** A hold with another promise that may end the waiting. */
export function endedAlsoBy<T, D>(held: Held<T>, ...others: Promise<D>[]): Held<T | D> {
  return {
    outcome: Promise.race<T | D>([held.outcome, ...others]),
    wants: held.wants,
    identify: (origin) => {
      held.identify(origin);
    },
    leave: () => {
      held.leave();
    },
  };
}
