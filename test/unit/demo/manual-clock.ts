import type { Clock } from '../../../demo/clock';

/** A clock that moves only when it is told to. */
export class ManualClock implements Clock {
  #time = Date.parse('2026-01-01T00:00:00Z');
  #timers: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#time;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.#time + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets the time pass; each timer is called at its time, and what it starts has room to finish before the next one. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#time = next.at;
      next.call();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#time = end;
  }
}
