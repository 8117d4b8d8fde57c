import type { ProbeOutcome } from '../core/reports';

/** No probe is waited for longer than this, milliseconds, however slow the health path. */
const LONGEST_MS = 10_000;

/**
 * How long a probe may take. A health path that is slower than `probe.timeout` would never pass although the backend serves; so each probe
 * that times out doubles what the next one may take, and one that answers in time ends that.
 */
export class Patience {
  #factor = 1;

  /** @param configuredMs `probe.timeout` */
  timeoutMs(configuredMs: number): number {
    return Math.max(configuredMs, Math.min(LONGEST_MS, configuredMs * this.#factor));
  }

  /** A round of probing ended, after so long. */
  learn(outcome: ProbeOutcome, tookMs: number, configuredMs: number): void {
    if (outcome === 'timed-out') {
      if (configuredMs * this.#factor < LONGEST_MS) this.#factor *= 2;
    } else if (tookMs < configuredMs) this.#factor = 1;
  }
}
