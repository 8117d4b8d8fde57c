/** What has been started and must be stopped: last started, first stopped. */
export class Shutdown {
  readonly #tasks: (() => unknown)[] = [];

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  /** Resolves when every task is done. A second call does nothing. */
  async run(): Promise<void> {
    for (const task of this.#tasks.splice(0).reverse()) await task();
  }
}
