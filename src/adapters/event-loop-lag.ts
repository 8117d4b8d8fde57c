import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from './exposition';

/** How often it is looked, milliseconds: a lag that is shorter goes unseen now and then. */
const RESOLUTION_MS = 20;
const NS_PER_S = 1e9;

/** How late this process' timers are. It costs a timer, so it is measured only once somebody has asked. */
export class EventLoopLag {
  #histogram: IntervalHistogram | undefined;

  /** Quantiles of the lag since the last call, seconds; none at the first. */
  *read(): Iterable<Sample> {
    const histogram = this.#histogram;
    if (histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#histogram.enable();
      return;
    }
    // What it measures is the whole time between two looks.
    const lag = (ns: number): number => Math.max(0, ns / NS_PER_S - RESOLUTION_MS / 1000);
    if (histogram.count > 0) {
      yield [['0.5'], lag(histogram.percentile(50))];
      yield [['0.99'], lag(histogram.percentile(99))];
      yield [['1'], lag(histogram.max)];
    }
    histogram.reset();
  }

  close(): void {
    this.#histogram?.disable();
  }
}
