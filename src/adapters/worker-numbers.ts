/** A worker that nothing was heard of for so long may be gone: its number is free. Milliseconds. */
const FORGOTTEN_MS = 5 * 60_000;

interface Numbered {
  readonly number: string;
  lastSeen: number;
}

/** Gives nginx workers small numbers. Kong starts new ones with every reload: their process ids would be labels without end. */
export class WorkerNumbers {
  readonly #now: () => number;
  readonly #byPid = new Map<number, Numbered>();

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The number of a worker. */
  of(pid: number): string {
    const now = this.#now();
    const known = this.#byPid.get(pid);
    if (known !== undefined) {
      known.lastSeen = now;
      return known.number;
    }
    const number = this.#free(now) ?? String(this.#byPid.size);
    this.#byPid.set(pid, { number, lastSeen: now });
    return number;
  }

  #free(now: number): string | undefined {
    for (const [pid, { number, lastSeen }] of this.#byPid) {
      if (now - lastSeen < FORGOTTEN_MS) continue;
      this.#byPid.delete(pid);
      return number;
    }
    return undefined;
  }
}
