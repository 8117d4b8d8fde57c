import { sleep } from '../../real-parts/wait';

/** The kubelet looks at its containers a second after it has last done so, and looking takes it 5 ms or so. */
const PERIOD_MS = { least: 1000, usual: 1005, most: 1030 };

/**
 * When the kubelet looks at its containers. It does so once a second, and only then tells of a pod's address: so up to a second of a start
 * is a matter of the moment at which it begins, and starts can be compared only if those of each kind begin at the same moments.
 */
export class KubeletTicks {
  #last: number | undefined;
  #periodMs = PERIOD_MS.usual;

  /** An address was told of at this moment, as `performance.now()`. */
  told(at: number): void {
    if (this.#last !== undefined && at > this.#last) {
      const ticks = Math.round((at - this.#last) / this.#periodMs);
      const seenMs = (at - this.#last) / Math.max(1, ticks);
      const boundedMs = Math.min(PERIOD_MS.most, Math.max(PERIOD_MS.least, seenMs));
      this.#periodMs += (boundedMs - this.#periodMs) / 4;
    }
    this.#last = at;
  }

  /**
   * Waits for a moment between two ticks.
   *
   * @param share of the time between them, from 0 to 1
   * @param leadMs what begins now takes effect only after so long
   */
  async moment(share: number, leadMs: number): Promise<void> {
    const sinceTick = performance.now() + leadMs - (this.#last ?? 0);
    const aheadMs = share * this.#periodMs - (sinceTick % this.#periodMs);
    await sleep((aheadMs + this.#periodMs) % this.#periodMs);
  }
}
