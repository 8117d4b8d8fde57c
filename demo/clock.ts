/** The demo's source of time; tests have one that they move by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, call: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Calls repeatedly, each time `periodMs` after the previous call has settled, until the returned function is called. */
export function every(clock: Clock, periodMs: number, call: () => void | Promise<void>): () => void {
  let stopped = false;
  let cancel = schedule();
  function schedule(): () => void {
    return clock.after(periodMs, () => {
      void Promise.resolve(call()).finally(() => {
        if (!stopped) cancel = schedule();
      });
    });
  }
  return () => {
    stopped = true;
    cancel();
  };
}
