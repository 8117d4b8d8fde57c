/** Keeps what goes on from being said again and again. */
export class Quiet {
  readonly #periodMs: number;
  #saidAt = -Infinity;

  /** @param periodMs it is said this often, milliseconds */
  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** Whether it may be said now, which counts as said. */
  allows(now: number): boolean {
    if (now - this.#saidAt < this.#periodMs) return false;
    this.#saidAt = now;
    return true;
  }
}
