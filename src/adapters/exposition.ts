import type { Instrument } from './instruments';

/**
 * Counts and their text in Prometheus' format (version 0.0.4). A gateway may have a thousand backends, and so a hundred thousand lines,
 * which this process must not stand still for: what an instrument says comes in pieces, and labels are put into words once per series.
 */
export interface Exposition {
  /** Whole lines, those of one series at a time. */
  lines(): Iterable<string>;
}

/** A number that only grows, one for each combination of labels. */
export class Counter implements Exposition {
  readonly #instrument: Instrument;
  readonly #values = new Map<string, number>();

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
  }

  /** @param labels their values, in the order of the instrument's labels */
  add(labels: readonly string[], count = 1): void {
    const series = seriesOf(this.#instrument, labels);
    this.#values.set(series, (this.#values.get(series) ?? 0) + count);
  }

  *lines(): Iterable<string> {
    yield header(this.#instrument);
    for (const [series, value] of this.#values) yield `${this.#instrument.name}{${series}} ${value}\n`;
  }
}

/** A number that is asked for when it is wanted. */
export class Reading implements Exposition {
  readonly #instrument: Instrument;
  readonly #read: () => number;

  constructor(instrument: Instrument, read: () => number) {
    this.#instrument = instrument;
    this.#read = read;
  }

  *lines(): Iterable<string> {
    yield `${header(this.#instrument)}${this.#instrument.name} ${this.#read()}\n`;
  }
}

interface Distribution {
  /** Observations by bucket, those above the last bound at the end. Not cumulative. */
  readonly counts: number[];
  sum: number;
}

/** How values are distributed over buckets, for each combination of labels. */
export class Histogram implements Exposition {
  readonly #instrument: Instrument;
  readonly #bounds: readonly number[];
  readonly #distributions = new Map<string, Distribution>();

  /** @param bounds of the buckets, ascending; an observation is in the first whose bound it does not exceed */
  constructor(instrument: Instrument, bounds: readonly number[]) {
    this.#instrument = instrument;
    this.#bounds = bounds;
  }

  /** @param labels their values, in the order of the instrument's labels */
  observe(labels: readonly string[], value: number): void {
    const series = seriesOf(this.#instrument, labels);
    let distribution = this.#distributions.get(series);
    if (distribution === undefined) {
      distribution = { counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0 };
      this.#distributions.set(series, distribution);
    }
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? this.#bounds.length : found;
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  *lines(): Iterable<string> {
    const { name } = this.#instrument;
    yield header(this.#instrument);
    for (const [series, { counts, sum }] of this.#distributions) {
      let text = '';
      let count = 0;
      for (const [bucket, more] of counts.entries()) {
        count += more;
        text += `${name}_bucket{le="${this.#bounds[bucket] ?? '+Inf'}",${series}} ${count}\n`;
      }
      yield `${text}${name}_sum{${series}} ${sum}\n${name}_count{${series}} ${count}\n`;
    }
  }
}

function header({ name, type, meaning }: Instrument): string {
  return `# HELP ${name} ${escape(meaning)}\n# TYPE ${name} ${type}\n`;
}

/** The labels of a series, as they stand between braces. */
function seriesOf({ labels }: Instrument, values: readonly string[]): string {
  return labels.map((label, index) => `${label}="${escape(values[index] ?? '').replaceAll('"', '\\"')}"`).join(',');
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
