/** Whether something was so, over time. */
export class History {
  readonly #changes: { readonly at: number; readonly is: boolean }[] = [];

  /** Moments do not go back. */
  set(is: boolean, at: number): void {
    if (this.at(Infinity) !== is) this.#changes.push({ at, is });
  }

  at(moment: number): boolean {
    return this.#changes.findLast((change) => change.at <= moment)?.is ?? false;
  }

  /** Whether it was so at any moment between these. */
  within(from: number, to: number): boolean {
    return this.at(from) || this.#changes.some(({ at, is }) => is && at > from && at <= to);
  }

  /** Whether it was so all the time between these. */
  throughout(from: number, to: number): boolean {
    return this.at(from) && !this.#changes.some(({ at, is }) => !is && at > from && at <= to);
  }

  /** The changes from a moment on, for people. */
  since(from: number): readonly { readonly at: number; readonly is: boolean }[] {
    return this.#changes.filter(({ at }) => at >= from);
  }
}
