import type { Clock } from '../core/ports';

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date().toISOString(),
  after(delayMs, callback) {
    // Rounded up: Node drops fractions, and a timer that fires early would find nothing due and be set again.
    const timer = setTimeout(callback, Math.ceil(delayMs));
    // What holds requests is the plugin server's socket; a timer alone is no reason to stay.
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
