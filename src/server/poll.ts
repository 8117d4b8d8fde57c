import type { Clock } from '../core/ports';

const POLL_MS = 5;

/**
 * Waits until it is done, but not for longer than the limit, nor than this process has.
 *
 * @param limitMs milliseconds
 * @param exitBy when the process must have exited, on the clock
 */
export async function pollUntil(clock: Clock, done: () => boolean, limitMs: number, exitBy: number): Promise<void> {
  const end = Math.min(clock.now() + limitMs, exitBy);
  while (!done() && clock.now() < end) {
    await new Promise<void>((resolve) => {
      clock.after(POLL_MS, resolve);
    });
  }
}
