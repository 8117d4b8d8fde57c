import type { Backend } from '../core/backend';
import type { Clock, Prober } from '../core/ports';
import type { ProbeReport, ProbeResult } from '../core/reports';
import type { Scope } from '../core/state';
import type { Origins } from './origin';
import { Patience } from './patience';

export interface ProbingParts {
  /** What holds for the backend now. */
  readonly backend: () => Pick<Backend, 'probe'>;
  readonly clock: Clock;
  readonly prober: Prober;
  readonly origins: Origins;
  readonly onResult: (scope: Scope, result: ProbeResult) => void;
}

/** Probes a backend: with whose Host, and how long it waits for an answer. */
export class Probing {
  readonly #parts: ProbingParts;
  readonly #patience = new Patience();
  #lastReport: ProbeReport | undefined;
  #closed = false;

  constructor(parts: ProbingParts) {
    this.#parts = parts;
  }

  /** What the last probe said. */
  get lastReport(): ProbeReport | undefined {
    return this.#lastReport;
  }

  /** Another way of asking had this answer. */
  heard(report: ProbeReport | undefined): void {
    this.#lastReport = report ?? this.#lastReport;
  }

  /** One round, once there is a Host to probe with. */
  probe(scope: Scope, workers: readonly number[]): void {
    this.#parts.origins.whenKnown(() => {
      this.#ask(scope, workers);
    });
  }

  close(): void {
    this.#closed = true;
    this.#parts.prober.close();
  }

  #ask(scope: Scope, workers: readonly number[]): void {
    if (this.#closed) return;
    const { clock, prober, origins, onResult } = this.#parts;
    const { probe } = this.#parts.backend();
    const host = origins.wantsHost ? origins.next() : probe.host;
    const since = clock.now();
    const settings = { ...probe, timeoutMs: this.#patience.timeoutMs(probe.timeoutMs) };
    prober.probe({ workers, host, settings }, (result) => {
      if (result.last) this.#patience.learn(result.outcome, clock.now() - since, probe.timeoutMs);
      if (result.outcome === 'passed') origins.passed(host);
      this.#lastReport = result.report;
      onResult(scope, result);
    });
  }
}
