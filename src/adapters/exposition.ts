import type { Instrument } from './instruments';

/** `prometheus`: its text format, version 0.0.4. `openmetrics`: version 1.0.0, which has exemplars, too. */
export type Format = 'prometheus' | 'openmetrics';

/**
 * Counts and their text. A gateway may have a thousand backends, and so a hundred thousand lines, which this process must not stand still
 * for: what an instrument says comes in pieces, and labels are put into words once per series.
 */
export interface Exposition {
  /** Whole lines, those of one series at a time. */
  lines(format: Format): Iterable<string>;
}

/** The latest observation of a bucket that belongs to a trace. */
interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Seconds since 1970. */
  readonly at: number;
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

  *lines(format: Format): Iterable<string> {
    yield header(this.#instrument, format);
    for (const [series, value] of this.#values) yield line(this.#instrument.name, series, value);
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

  *lines(format: Format): Iterable<string> {
    yield header(this.#instrument, format) + line(this.#instrument.name, '', this.#read());
  }
}

/** Values of an instrument's labels, and the number for them. */
export type Sample = readonly [labels: readonly string[], value: number];

/** Numbers that are asked for when they are wanted, one for each combination of labels. */
export class Readings implements Exposition {
  readonly #instrument: Instrument;
  readonly #read: () => Iterable<Sample>;

  constructor(instrument: Instrument, read: () => Iterable<Sample>) {
    this.#instrument = instrument;
    this.#read = read;
  }

  *lines(format: Format): Iterable<string> {
    yield header(this.#instrument, format);
    for (const [labels, value] of this.#read())
      yield line(this.#instrument.name, seriesOf(this.#instrument, labels), value);
  }
}

/** How the values of one series are distributed over its buckets. */
export class Distribution {
  readonly #bounds: readonly number[];
  /** Observations by bucket, those above the last bound at the end. Not cumulative. */
  readonly #counts: number[];
  #exemplars: (Exemplar | undefined)[] | undefined;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** @param traceId of the trace that it belongs to, in hexadecimal digits */
  observe(value: number, traceId?: string): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
    if (traceId === undefined) return;
    this.#exemplars ??= [];
    this.#exemplars[bucket] = { traceId, value, at: Date.now() / 1000 };
  }

  text(name: string, series: string, format: Format): string {
    let text = '';
    let count = 0;
    for (const [bucket, more] of this.#counts.entries()) {
      count += more;
      // The same in both formats, or a series would be another one when the format changes.
      const le = this.#bounds[bucket] ?? '+Inf';
      const exemplar = format === 'openmetrics' ? this.#exemplars?.[bucket] : undefined;
      text += `${name}_bucket{le="${le}"${series === '' ? '' : `,${series}`}} ${count}${exemplarText(exemplar)}\n`;
    }
    return `${text}${line(`${name}_sum`, series, this.#sum)}${line(`${name}_count`, series, count)}`;
  }
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

  /** The series with these labels, for those who cannot afford to look for it each time. */
  of(labels: readonly string[]): Distribution {
    const series = seriesOf(this.#instrument, labels);
    let distribution = this.#distributions.get(series);
    if (distribution === undefined) this.#distributions.set(series, (distribution = new Distribution(this.#bounds)));
    return distribution;
  }

  /** @param labels their values, in the order of the instrument's labels */
  observe(labels: readonly string[], value: number, traceId?: string): void {
    this.of(labels).observe(value, traceId);
  }

  *lines(format: Format): Iterable<string> {
    yield header(this.#instrument, format);
    for (const [series, distribution] of this.#distributions)
      yield distribution.text(this.#instrument.name, series, format);
  }
}

function header({ name, type, meaning }: Instrument, format: Format): string {
  // OpenMetrics names the family of a counter without what its samples end in.
  const family = format === 'openmetrics' ? name.replace(/_total$/, '') : name;
  return `# HELP ${family} ${escape(meaning)}\n# TYPE ${family} ${type}\n`;
}

function line(name: string, series: string, value: number): string {
  return `${name}${series === '' ? '' : `{${series}}`} ${value}\n`;
}

/** The labels of a series, as they stand between braces. */
function seriesOf({ labels }: Instrument, values: readonly string[]): string {
  return labels.map((label, index) => `${label}="${escape(values[index] ?? '').replaceAll('"', '\\"')}"`).join(',');
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  return ` # {trace_id="${exemplar.traceId}"} ${exemplar.value} ${exemplar.at.toFixed(3)}`;
}
