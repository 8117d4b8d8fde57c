import type { Hold, Outcome } from '../activation/arrival';
import type { Origin } from '../activation/origin';
import { HEARTBEAT_MS } from '../core/kong-heartbeat';
import type { Clock } from '../core/ports';
import type { Kong } from '../kong/contract';
import type { RouteReader } from './destination';
import { readOrigin } from './request-origin';

/** A call that Kong does not answer by then never will be: the client is gone (K11). */
export const HEARTBEAT_ANSWER_MS = 5000;

const NO_ORIGIN: Origin = { host: undefined, traceparent: undefined };

/** What is waited for, and what it wants to know of the request. */
export type Held<T> = Pick<Hold, 'wants' | 'identify' | 'leave'> & { readonly outcome: Promise<T> };

/** The first of: what `settles` gives, the timeout, the client's leaving. Leaves no timer and no listener behind. */
async function first<T, U>(
  settles: Promise<T>,
  clock: Clock,
  timeoutMs: number,
  onTimeout: U,
  signal: AbortSignal | undefined,
): Promise<T | U | 'gone'> {
  if (signal?.aborted === true) return 'gone';
  let cancel = (): void => undefined;
  let left = (): void => undefined;
  try {
    return await Promise.race([
      settles,
      new Promise<U | 'gone'>((resolve) => {
        cancel = clock.after(timeoutMs, () => {
          resolve(onTimeout);
        });
        left = () => {
          resolve('gone');
        };
        signal?.addEventListener('abort', left, { once: true });
      }),
    ]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', left);
  }
}

/** Waits for calls to Kong that are under way. False: they were not answered, so the client is gone. */
async function answered(calls: Promise<unknown>, clock: Clock, signal: AbortSignal | undefined): Promise<boolean> {
  const answer = calls.then(
    () => 'alive' as const,
    () => 'alive' as const,
  );
  return (await first(answer, clock, HEARTBEAT_ANSWER_MS, 'gone' as const, signal)) === 'alive';
}

/**
 * Waits for a hold to end, and keeps Kong's connection alive meanwhile. First it reads what the hold wants to know of the request.
 *
 * @returns how it ended; undefined when the client left, and nobody is there to be answered
 */
export async function waitFor<T = Outcome>(
  hold: Held<T>,
  kong: Kong,
  route: RouteReader,
  signal: AbortSignal | undefined,
  clock: Clock,
): Promise<T | undefined> {
  const read = readOrigin(kong, hold.wants, route).catch(() => NO_ORIGIN);
  void read.then((origin) => {
    hold.identify(origin);
  });
  // Calls to Kong go one after the other, so whatever comes next waits for these.
  const outcome = (await answered(read, clock, signal))
    ? await keepAlive(hold.outcome, kong, signal, clock)
    : undefined;
  if (outcome === undefined) hold.leave();
  return outcome;
}

/**
 * Waits, and keeps Kong's connection alive meanwhile.
 *
 * @returns undefined when the client left, and nobody is there to be answered
 */
export async function keepAlive<T>(
  settles: Promise<T>,
  kong: Kong,
  signal: AbortSignal | undefined,
  clock: Clock,
): Promise<T | undefined> {
  const settled = settles.then((outcome) => ({ outcome }));
  for (;;) {
    const turn = await first(settled, clock, HEARTBEAT_MS, 'beat' as const, signal);
    if (typeof turn === 'object') return turn.outcome;
    if (turn === 'gone' || !(await answered(kong.nginx.get_var('pid'), clock, signal))) return undefined;
  }
}
