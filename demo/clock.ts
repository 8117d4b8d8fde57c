/** Time as the parts of the stack see it, so that tests can move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls once after `delayMs`; the returned function takes it back. */
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

/** Calls again and again, each time `periodMs` after the last call has ended, until the returned function is called. */
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
