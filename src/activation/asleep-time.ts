import type { Clock } from '../core/ports';

/** How long a backend had no pod in all. */
export class AsleepTime {
  readonly #clock: Clock;
  #totalMs = 0;
  #since: number | undefined;
  #isKnown = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param asleep whether no pod runs or starts; undefined: nobody knows now */
  changed(asleep: boolean | undefined): void {
    const now = this.#clock.now();
    if (this.#since !== undefined) this.#totalMs += now - this.#since;
    this.#since = asleep === true ? now : undefined;
    if (asleep !== undefined) this.#isKnown = true;
  }

  /** Milliseconds; undefined where nobody ever knew. */
  get ms(): number | undefined {
    if (!this.#isKnown) return undefined;
    return this.#totalMs + (this.#since === undefined ? 0 : this.#clock.now() - this.#since);
  }
}
