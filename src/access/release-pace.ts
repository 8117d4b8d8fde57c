import type { Clock } from '../core/ports';
import type { HeldBudget } from '../activation/held-budget';

/** Lets the requests that a backend has been waited for go one after the other. One for the process. */
export class ReleasePace {
  readonly #clock: Clock;
  readonly #budget: Pick<HeldBudget, 'take' | 'give'>;
  /** When the next one of a backend may go, on the clock. */
  readonly #next = new Map<string, number>();

  /** @param budget where they still count: a process must not end while one waits for its turn */
  constructor(clock: Clock, budget: Pick<HeldBudget, 'take' | 'give'>) {
    this.#clock = clock;
    this.#budget = budget;
  }

  /**
   * How long a request waits for its turn, milliseconds.
   *
   * @param rate of the backend, requests per second
   * @param until when it goes at the latest, on the clock
   */
  turn(key: string, rate: number, until: number): number {
    const now = this.#clock.now();
    const at = Math.max(now, this.#next.get(key) ?? now);
    for (const [other, next] of this.#next) if (next <= now) this.#next.delete(other);
    this.#next.set(key, at + 1000 / rate);
    return Math.max(0, Math.min(at, until) - now);
  }

  /** Waits so long; counts as held meanwhile. */
  async wait(ms: number, hold: (settles: Promise<'turn'>) => Promise<'turn' | undefined>): Promise<boolean> {
    this.#budget.take();
    let cancel = (): void => undefined;
    try {
      const turn = new Promise<'turn'>((resolve) => {
        cancel = this.#clock.after(ms, () => {
          resolve('turn');
        });
      });
      return (await hold(turn)) === 'turn';
    } finally {
      cancel();
      this.#budget.give();
    }
  }
}
