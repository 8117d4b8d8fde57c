import { Counter as OracleCounter, Gauge, Histogram as OracleHistogram, Registry } from 'prom-client';
import type { BackendReading } from '../../../src/adapters/backend-readings';
import type { Format } from '../../../src/adapters/exposition';
import type { Instrument } from '../../../src/adapters/instruments';
import { BUCKETS, INSTRUMENTS, RPC_BUCKETS } from '../../../src/adapters/instruments';
import type { ProcessReadings } from '../../../src/adapters/metrics';
import { Metrics } from '../../../src/adapters/metrics';
import { ERROR_CODES } from '../../../src/core/errors';
import type { ColdStart, LateColdStart, Observer, Settlement, WakeUp } from '../../../src/core/ports';
import type { PublishReport } from '../../../src/core/reports';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const COLD_START: ColdStart = {
  ...{ at: '', held: 3, wakeMs: 12, addressMs: 900, readyMs: 2400, podReadyMs: undefined, probes: 20, messages: 3 },
  ...{ lane: 'address', reason: 'no-pod', host: 'client', traceId: undefined, service: undefined },
};
const LATE: LateColdStart = {
  ...{
    at: '',
    reason: 'probe',
    service: undefined,
    sinceMs: 30_000,
    wakeMs: 12,
    addressMs: undefined,
    probes: 20,
    messages: 3,
  },
};
const BACKENDS: readonly BackendReading[] = [
  { target: '/watched', held: 3, state: 3, asleepSeconds: 12.5 },
  { target: '/other', held: 0, state: 4, asleepSeconds: undefined },
];
const READINGS: ProcessReadings = {
  ...{ held: () => 2, heldLimit: () => 900, linesDropped: () => 7, observerFailures: () => 1 },
  ...{ backends: () => BACKENDS, now: () => 0, version: '1.2.3' },
};

/** Prometheus' own library for Node, told the same. Its order is the page's. */
class Oracle implements Observer {
  readonly #registry = new Registry();
  readonly #held = this.#gauge(INSTRUMENTS.held);
  readonly #heldLimit = this.#gauge(INSTRUMENTS.heldLimit);
  readonly #backendHeld = this.#gauge(INSTRUMENTS.backendHeld);
  readonly #backendState = this.#gauge(INSTRUMENTS.backendState);
  readonly #asleep = this.#counter(INSTRUMENTS.asleep);
  readonly #hold = this.#histogram(INSTRUMENTS.hold);
  readonly #releases = this.#counter(INSTRUMENTS.releases);
  readonly #workerReleases = this.#counter(INSTRUMENTS.workerReleases);
  readonly #coldStart = this.#histogram(INSTRUMENTS.coldStart);
  readonly #coldStarts = this.#counter(INSTRUMENTS.coldStarts);
  readonly #probes = this.#counter(INSTRUMENTS.probes);
  readonly #messages = this.#counter(INSTRUMENTS.messages);
  readonly #renewals = this.#counter(INSTRUMENTS.renewals);
  readonly #rejections = this.#counter(INSTRUMENTS.rejections);
  readonly #rpc = this.#histogram(INSTRUMENTS.rpc, RPC_BUCKETS);

  constructor() {
    this.#held.set(READINGS.held());
    this.#heldLimit.set(READINGS.heldLimit());
    for (const { target: backend, held, state, asleepSeconds } of BACKENDS) {
      this.#backendHeld.set({ backend }, held);
      this.#backendState.set({ backend }, state);
      if (asleepSeconds !== undefined) this.#asleep.inc({ backend }, asleepSeconds);
    }
    for (const code of ERROR_CODES) this.#rejections.inc({ code }, 0);
    for (const kind of ['unread', 'read']) this.#rpc.zero({ kind });
  }

  coldStart(backend: string, { wakeMs, addressMs, podReadyMs, readyMs }: ColdStart): void {
    const phases = { woken: wakeMs, address: addressMs, 'pod-ready': podReadyMs, released: readyMs };
    for (const [phase, ms] of Object.entries(phases))
      if (ms !== undefined) this.#coldStart.observe({ backend, phase }, ms / 1000);
    this.#coldStarts.inc({ backend, outcome: 'ready' });
  }

  coldStartLate(backend: string, outcome: string): void {
    this.#coldStarts.inc({ backend, outcome });
  }

  settled(backend: string, { outcome, heldMs, lane, worker }: Settlement): void {
    this.#meet(backend);
    this.#hold.observe({ backend, outcome }, heldMs / 1000);
    if (lane === undefined) return;
    this.#releases.inc({ backend, lane });
    if (worker !== undefined) this.#workerReleases.inc({ worker: String(worker - 100) });
  }

  probed(backend: string, outcome: string): void {
    this.#meet(backend);
    this.#probes.inc({ backend, outcome });
  }

  renewed(backend: string): void {
    this.#renewals.inc({ backend });
  }

  published(backend: string, reason: WakeUp['reason'], { outcome }: PublishReport): void {
    this.#meet(backend);
    this.#messages.inc({ backend, reason, outcome });
  }

  #meet(backend: string): void {
    for (const outcome of ['ready', 'SERVERLESS_HOLD_TIMEOUT']) this.#coldStarts.inc({ backend, outcome }, 0);
    for (const outcome of ['accepted', 'retry', 'refused'])
      this.#messages.inc({ backend, reason: 'cold-start', outcome }, 0);
  }

  rejected(code: string): void {
    this.#rejections.inc({ code });
  }

  text(format: Format): Promise<string> {
    if (format === 'openmetrics') this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
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

  #histogram(instrument: Instrument, buckets = BUCKETS): OracleHistogram {
    return new OracleHistogram({ ...this.#options(instrument), buckets });
  }
}

/** What a gateway with so many backends sees in its life. */
function live(observer: Observer, backends: number): void {
  for (let n = 0; n < backends; n++) {
    const backend = `/team-${n % 40}/service-${n}`;
    observer.coldStart(backend, {
      ...{ ...COLD_START, readyMs: 7 * n, podReadyMs: n % 2 === 0 ? 9 * n : undefined },
      ...(n % 3 === 0 ? { wakeMs: undefined } : {}),
    });
    if (n % 4 === 0) observer.coldStartLate(backend, 'SERVERLESS_HOLD_TIMEOUT', LATE);
    observer.settled(backend, { outcome: 'released', heldMs: 50 * n });
    const lane = n % 3 === 0 ? 'settle' : 'address';
    observer.settled(backend, { outcome: 'released', heldMs: 310_000.5, lane, worker: 100 + (n % 2) });
    observer.settled(backend, { outcome: 'SERVERLESS_HOLD_TIMEOUT', heldMs: 30_000, worker: 100 });
    for (const outcome of ['failed', 'failed', 'unanswered', 'passed']) observer.probed(backend, outcome);
    observer.published(backend, 'cold-start', { outcome: n % 5 === 0 ? 'retry' : 'accepted' });
    observer.published(backend, 'activity', { outcome: 'accepted' });
    observer.renewed(backend);
    if (n % 7 === 0) observer.rejected('SERVERLESS_HOLD_TIMEOUT');
  }
}

/** The product's text up to what it says of its process, which the oracle does not know, and the oracle's. */
async function told(
  tell: (observer: Observer) => void,
  format: Format = 'prometheus',
): Promise<{ text: string; process: string; oracle: string }> {
  const [metrics, oracle] = [new Metrics(READINGS), new Oracle()];
  tell(metrics);
  tell(oracle);
  const [text = '', rest = ''] = (await metrics.text(format, false)).split(/^(?=# HELP serverless_event_loop_lag)/m);
  metrics.close();
  // Between two of its metrics the text format has an empty line.
  const end = format === 'prometheus' ? '\n' : '# EOF\n';
  return {
    text,
    process: rest,
    oracle: (await oracle.text(format)).replace(/(# EOF\n)?$/, '') + (format === 'prometheus' ? end : ''),
  };
}

/** What Prometheus reads between two line breaks, where labels may contain anything that is escaped. */
const SERIES = /^[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? -?[\d.e+-]+$/;

test('what nothing has happened to is there all the same: its name, its type, and the codes at 0', async () => {
  const { text, oracle } = await told(() => undefined);
  expect(text).toBe(oracle);
  for (const code of ERROR_CODES) expect(text).toContain(`serverless_rejections_total{code="${code}"} 0\n`);
});

test.each(['prometheus', 'openmetrics'] as const)(
  'a thousand backends are told of as by Prometheus’ own library, line by line: %s',
  async (format) => {
    const {
      text,
      process: rest,
      oracle,
    } = await told((observer) => {
      live(observer, 1000);
    }, format);
    expect(text.split('\n').length).toBeGreaterThan(60_000);
    expect(text === oracle).toBe(true);
    const invalid = (text + rest)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('# ') && !SERIES.test(line));
    expect(invalid).toEqual([]);
    expect((text + rest).endsWith('\n# EOF\n')).toBe(format === 'openmetrics');
  },
);

test('what the process says of itself: its start, its memory, its version, whether another one stands by', async () => {
  const metrics = new Metrics(READINGS);
  const first = await metrics.text('prometheus', false);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const text = await metrics.text('prometheus', true);
  metrics.close();
  expect(first).toContain('\nserverless_standby_present 0\n');
  expect(text).toContain('\nserverless_standby_present 1\n');
  expect(text).toContain(`\nserverless_build_info{version="1.2.3",node="${process.versions.node}"} 1\n`);
  expect(text).toContain('\nserverless_log_lines_dropped_total 7\n');
  const value = (name: string): number => Number(new RegExp(`^${name}(?:{.*})? (.*)$`, 'm').exec(text)?.[1]);
  expect(Math.abs(value('process_start_time_seconds') - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(20e6);
  // Not measured before somebody asks.
  expect(first).not.toContain('serverless_event_loop_lag_seconds{');
  for (const quantile of ['0.5', '0.99', '1'])
    expect(text).toMatch(new RegExp(`^serverless_event_loop_lag_seconds{quantile="${quantile}"} [\\d.e-]+$`, 'm'));
});

test('a cold start of a trace is an exemplar of its buckets, in OpenMetrics only', async () => {
  const metrics = new Metrics(READINGS);
  metrics.coldStart('/a', { ...COLD_START, traceId: TRACE });
  const [plain, open] = [await metrics.text('prometheus', false), await metrics.text('openmetrics', false)];
  metrics.close();
  expect(plain).not.toContain(TRACE);
  const exemplars = open.split('\n').filter((line) => line.includes(TRACE));
  expect(exemplars).toHaveLength(3);
  expect(exemplars[2]).toMatch(
    new RegExp(
      `^serverless_cold_start_seconds_bucket{le="2.5",backend="/a",phase="released"} 1 # {trace_id="${TRACE}"} 2.4 \\d+\\.\\d{3}$`,
    ),
  );
});

test('access phases that held nothing are counted by whether Kong was asked', async () => {
  const metrics = new Metrics(READINGS);
  metrics.served(0.05, false);
  metrics.served(3, true);
  const text = await metrics.text('prometheus', false);
  metrics.close();
  expect(text).toContain('serverless_rpc_seconds_bucket{le="0.0001",kind="unread"} 1\n');
  expect(text).toContain('serverless_rpc_seconds_bucket{le="0.0025",kind="read"} 0\n');
  expect(text).toContain('serverless_rpc_seconds_bucket{le="0.005",kind="read"} 1\n');
});

test('all series of a metric are under its one header', async () => {
  const { text, process: rest } = await told((observer) => {
    live(observer, 50);
  });
  for (const { name, type } of Object.values(INSTRUMENTS)) {
    expect((text + rest).split(`# TYPE ${name} ${type}\n`)).toHaveLength(2);
  }
  for (const block of text.trimEnd().split('\n\n')) {
    const [help, , ...series] = block.split('\n');
    const name = help!.split(' ')[2]!;
    expect(series.every((line) => line.startsWith(name))).toBe(true);
  }
});

test('of what may go wrong with a backend there is a number before it does: the first increase would not be seen', async () => {
  const metrics = new Metrics(READINGS);
  metrics.probed('/a', 'failed');
  const text = await metrics.text('prometheus', false);
  metrics.close();
  expect(text).toContain('serverless_cold_starts_total{backend="/a",outcome="SERVERLESS_HOLD_TIMEOUT"} 0\n');
  expect(text).toContain('serverless_messages_total{backend="/a",reason="cold-start",outcome="refused"} 0\n');
});

test('a name with quotes, backslashes and line breaks is escaped', async () => {
  const { text, oracle } = await told((observer) => {
    observer.probed('/a"b\\c\nd', 'passed');
    observer.settled('/a"b\\c\nd', { outcome: 'released', heldMs: 5 });
  });
  expect(text).toBe(oracle);
  expect(text).toContain('serverless_probes_total{backend="/a\\"b\\\\c\\nd",outcome="passed"} 1\n');
});

test('a bound belongs to its bucket, and what is above all is in the last', async () => {
  const metrics = new Metrics(READINGS);
  for (const heldMs of [10, 10.1, 300_000, 300_001]) metrics.settled('/a', { outcome: 'released', heldMs });
  const text = await metrics.text('prometheus', false);
  const bucket = (le: string): string =>
    new RegExp(`le="${le}",backend="/a",outcome="released"} (\\d+)`).exec(text.replaceAll('+', ''))![1]!;
  expect(['0.01', '0.05', '120', '300', 'Inf'].map(bucket)).toEqual(['1', '2', '2', '3', '4']);
  metrics.close();
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
  const text = metrics.text('prometheus', false);
  // A backend that is new while the text is made is in it whole, or not at all.
  setImmediate(() => {
    metrics.settled('/new', { outcome: 'released', heldMs: 5 });
  });
  const lines = (await text).split('\n').filter((line) => /^serverless_hold.*"\/new"/.test(line));
  done = true;
  metrics.close();
  expect(turns).toBeGreaterThan(5);
  expect([0, BUCKETS.length + 3]).toContain(lines.length);
});

test('two products in one process do not mix', async () => {
  const [one, two] = [new Metrics(READINGS), new Metrics(READINGS)];
  one.probed('/kong', 'passed');
  expect(await two.text('prometheus', false)).not.toContain('/kong');
  for (const metrics of [one, two]) metrics.close();
});
