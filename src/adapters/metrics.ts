import { setImmediate as turn } from 'node:timers/promises';
import type { ErrorCode } from '../core/errors';
import { ERROR_CODES } from '../core/errors';
import type { ColdStart, Lane, Observer, WakeUp } from '../core/ports';
import type { PublishReport } from '../core/reports';
import { Counter, Histogram, Reading } from './exposition';
import { BUCKETS, INSTRUMENTS } from './instruments';

/** How long rendering may keep everything else waiting, milliseconds. */
const SLICE_MS = 3;

/** Numbers that others keep, in the whole process. */
export interface Readings {
  /** Requests held now. */
  readonly held: () => number;
  /** Lines that the log has lost. */
  readonly linesDropped: () => number;
  /** How often an observer has thrown. */
  readonly observerFailures: () => number;
}

/** Counts what activators do and what is rejected, for Prometheus. docs/metrics.md has a line for each. */
export class Metrics implements Observer {
  readonly #hold = new Histogram(INSTRUMENTS.hold, BUCKETS);
  readonly #coldStart = new Histogram(INSTRUMENTS.coldStart, BUCKETS);
  readonly #wake = new Histogram(INSTRUMENTS.wake, BUCKETS);
  readonly #releases = new Counter(INSTRUMENTS.releases);
  readonly #probes = new Counter(INSTRUMENTS.probes);
  readonly #messages = new Counter(INSTRUMENTS.messages);
  readonly #rejections = new Counter(INSTRUMENTS.rejections);
  readonly #readings: readonly Reading[];

  constructor({ held, linesDropped, observerFailures }: Readings) {
    this.#readings = [
      new Reading(INSTRUMENTS.held, held),
      new Reading(INSTRUMENTS.linesDropped, linesDropped),
      new Reading(INSTRUMENTS.observerFailures, observerFailures),
    ];
    // There from the start: an alert on an increase would miss the first of a series that appears with it.
    for (const code of ERROR_CODES) this.#rejections.add([code], 0);
  }

  coldStart(backend: string, { wakeMs, readyMs }: ColdStart): void {
    this.#coldStart.observe([backend], readyMs / 1000);
    if (wakeMs !== undefined) this.#wake.observe([backend], wakeMs / 1000);
  }

  settled(backend: string, outcome: string, heldMs: number, lane?: Lane): void {
    this.#hold.observe([backend, outcome], heldMs / 1000);
    if (lane !== undefined) this.#releases.add([backend, lane]);
  }

  probed(backend: string, outcome: string): void {
    this.#probes.add([backend, outcome]);
  }

  published(backend: string, reason: WakeUp['reason'], { outcome }: PublishReport): void {
    this.#messages.add([backend, reason, outcome]);
  }

  rejected(code: ErrorCode): void {
    this.#rejections.add([code]);
  }

  /** Prometheus' text format. Everything else goes on meanwhile, so a number may be newer than one above it. */
  async text(): Promise<string> {
    const slices: string[] = [];
    let slice: string[] = [];
    let since = performance.now();
    for (const lines of this.#lines()) {
      slice.push(lines);
      if (performance.now() - since < SLICE_MS) continue;
      // Joined here and not all at the end, which would be the longest slice of all.
      slices.push(slice.join(''));
      slice = [];
      await turn();
      since = performance.now();
    }
    slices.push(slice.join(''));
    return slices.join('');
  }

  *#lines(): Iterable<string> {
    const requests = [this.#hold, this.#releases, this.#coldStart, this.#wake];
    const counted = [...requests, this.#probes, this.#messages, this.#rejections];
    for (const [index, exposition] of [...this.#readings, ...counted].entries()) {
      if (index > 0) yield '\n';
      yield* exposition.lines();
    }
  }
}
