import { Counter as OracleCounter, Gauge, Histogram as OracleHistogram, Registry } from 'prom-client';
import type { Instrument } from '../../../src/adapters/instruments';
import { BUCKETS, INSTRUMENTS } from '../../../src/adapters/instruments';
import type { Readings } from '../../../src/adapters/metrics';
import { Metrics } from '../../../src/adapters/metrics';
import { ERROR_CODES } from '../../../src/core/errors';
import type { ColdStart, Observer, WakeUp } from '../../../src/core/ports';
import type { PublishReport } from '../../../src/core/reports';

const COLD_START: ColdStart = {
  ...{ at: '', held: 3, wakeMs: 12, addressMs: 900, readyMs: 2400, podReadyMs: undefined, probes: 20, messages: 3 },
  lane: 'address',
};
const READINGS: Readings = { held: () => 2, linesDropped: () => 7, observerFailures: () => 1 };

/** Prometheus' own library for Node, told the same. */
class Oracle implements Observer {
  readonly #registry = new Registry();
  readonly #held = this.#gauge(INSTRUMENTS.held);
  readonly #linesDropped = this.#counter(INSTRUMENTS.linesDropped);
  readonly #observerFailures = this.#counter(INSTRUMENTS.observerFailures);
  readonly #hold = this.#histogram(INSTRUMENTS.hold);
  readonly #releases = this.#counter(INSTRUMENTS.releases);
  readonly #coldStart = this.#histogram(INSTRUMENTS.coldStart);
  readonly #wake = this.#histogram(INSTRUMENTS.wake);
  readonly #probes = this.#counter(INSTRUMENTS.probes);
  readonly #messages = this.#counter(INSTRUMENTS.messages);
  readonly #rejections = this.#counter(INSTRUMENTS.rejections);

  constructor() {
    this.#held.set(READINGS.held());
    this.#linesDropped.inc(READINGS.linesDropped());
    this.#observerFailures.inc(READINGS.observerFailures());
    for (const code of ERROR_CODES) this.#rejections.inc({ code }, 0);
  }

  coldStart(backend: string, { wakeMs, readyMs }: ColdStart): void {
    this.#coldStart.observe({ backend }, readyMs / 1000);
    if (wakeMs !== undefined) this.#wake.observe({ backend }, wakeMs / 1000);
  }

  settled(backend: string, outcome: string, heldMs: number, lane?: string): void {
    this.#hold.observe({ backend, outcome }, heldMs / 1000);
    if (lane !== undefined) this.#releases.inc({ backend, lane });
  }

  probed(backend: string, outcome: string): void {
    this.#probes.inc({ backend, outcome });
  }

  published(backend: string, reason: WakeUp['reason'], { outcome }: PublishReport): void {
    this.#messages.inc({ backend, reason, outcome });
  }

  rejected(code: string): void {
    this.#rejections.inc({ code });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #options({ name, meaning, labels }: Instrument) {
    return { name, help: meaning, labelNames: [...labels], registers: [this.#registry] };
  }

  #gauge(instrument: Instrument): Gauge {
    return new Gauge(this.#options(instrument));
  }

  #counter(instrument: Instrument): OracleCounter {
    return new OracleCounter(this.#options(instrument));
  }

  #histogram(instrument: Instrument): OracleHistogram {
    return new OracleHistogram({ ...this.#options(instrument), buckets: BUCKETS });
  }
}

/** What a gateway with so many backends sees in its life. */
function live(observer: Observer, backends: number): void {
  for (let n = 0; n < backends; n++) {
    const backend = `/team-${n % 40}/service-${n}`;
    observer.coldStart(backend, { ...COLD_START, readyMs: 7 * n, ...(n % 3 === 0 ? { wakeMs: undefined } : {}) });
    observer.settled(backend, 'released', 50 * n);
    observer.settled(backend, 'released', 310_000.5, n % 3 === 0 ? 'settle' : 'address');
    observer.settled(backend, 'SERVERLESS_HOLD_TIMEOUT', 30_000);
    for (const outcome of ['failed', 'failed', 'unanswered', 'passed']) observer.probed(backend, outcome);
    observer.published(backend, 'cold-start', { outcome: n % 5 === 0 ? 'retry' : 'accepted' });
    observer.published(backend, 'activity', { outcome: 'accepted' });
    if (n % 7 === 0) observer.rejected('SERVERLESS_HOLD_TIMEOUT');
  }
}

async function told(tell: (observer: Observer) => void): Promise<{ text: string; oracle: string }> {
  const [metrics, oracle] = [new Metrics(READINGS), new Oracle()];
  tell(metrics);
  tell(oracle);
  return { text: await metrics.text(), oracle: await oracle.text() };
}

/** What Prometheus reads between two line breaks, where labels may contain anything that is escaped. */
const SERIES = /^[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? -?[\d.e+-]+$/;

test('what nothing has happened to is there all the same: its name, its type, and the codes at 0', async () => {
  const { text, oracle } = await told(() => undefined);
  expect(text).toBe(oracle);
  for (const code of ERROR_CODES) expect(text).toContain(`serverless_rejections_total{code="${code}"} 0\n`);
});

test('a thousand backends are told of as by Prometheus’ own library, line by line', async () => {
  const { text, oracle } = await told((observer) => {
    live(observer, 1000);
  });
  expect(text.split('\n').length).toBeGreaterThan(60_000);
  expect(text === oracle).toBe(true);
  const invalid = text.split('\n').filter((line) => line !== '' && !line.startsWith('# ') && !SERIES.test(line));
  expect(invalid).toEqual([]);
});

test('all series of a metric are under its one header', async () => {
  const { text } = await told((observer) => {
    live(observer, 50);
  });
  for (const { name, type } of Object.values(INSTRUMENTS)) {
    expect(text.split(`# TYPE ${name} ${type}\n`)).toHaveLength(2);
  }
  for (const block of text.trimEnd().split('\n\n')) {
    const [help, , ...series] = block.split('\n');
    const name = help!.split(' ')[2]!;
    expect(series.every((line) => line.startsWith(name))).toBe(true);
  }
});

test('a name with quotes, backslashes and line breaks is escaped', async () => {
  const { text, oracle } = await told((observer) => {
    observer.probed('/a"b\\c\nd', 'passed');
    observer.settled('/a"b\\c\nd', 'released', 5);
  });
  expect(text).toBe(oracle);
  expect(text).toContain('serverless_probes_total{backend="/a\\"b\\\\c\\nd",outcome="passed"} 1\n');
});

test('a bound belongs to its bucket, and what is above all is in the last', async () => {
  const metrics = new Metrics(READINGS);
  for (const ms of [10, 10.1, 300_000, 300_001]) metrics.settled('/a', 'released', ms);
  const text = await metrics.text();
  const bucket = (le: string): string =>
    new RegExp(`le="${le}",backend="/a",outcome="released"} (\\d+)`).exec(text.replaceAll('+', ''))![1]!;
  expect(['0.01', '0.05', '120', '300', 'Inf'].map(bucket)).toEqual(['1', '2', '2', '3', '4']);
});

test('rendering lets everything else go on: others run many times before the text is there', async () => {
  const metrics = new Metrics(READINGS);
  // Slices are bounded by time: so many that also a fast machine needs more than a few.
  live(metrics, 5000);
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const text = metrics.text();
  // A backend that is new while the text is made is in it whole, or not at all.
  setImmediate(() => {
    metrics.settled('/new', 'released', 5);
  });
  const lines = (await text).split('\n').filter((line) => line.includes('"/new"'));
  done = true;
  expect(turns).toBeGreaterThan(5);
  expect([0, BUCKETS.length + 3]).toContain(lines.length);
});

test('two products in one process do not mix', async () => {
  const [one, two] = [new Metrics(READINGS), new Metrics(READINGS)];
  one.probed('/kong', 'passed');
  expect(await two.text()).not.toContain('/kong');
});
