/** Bounds the requests held in the whole process, however many backends they wait for. */
export class HeldBudget {
  #held = 0;
  #whenNone: (() => void)[] = [];

  /** @param max requests held at once in this process */
  constructor(readonly max: number) {}

  get held(): number {
    return this.#held;
  }

  take(): void {
    this.#held += 1;
  }

  give(): void {
    this.#held -= 1;
    if (this.#held > 0) return;
    for (const resolve of this.#whenNone.splice(0)) resolve();
  }

  /** Resolves once nothing is held. */
  settled(): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNone.push(resolve));
  }
}
