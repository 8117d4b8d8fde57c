import type { Clock } from '../core/ports';

const POLL_MS = 5;

/** Waits until it is done, but not beyond `end` on the clock. */
export async function pollUntil(clock: Clock, done: () => boolean, end: number): Promise<void> {
  while (!done() && clock.now() < end) {
    await new Promise<void>((resolve) => {
      clock.after(POLL_MS, resolve);
    });
  }
}
