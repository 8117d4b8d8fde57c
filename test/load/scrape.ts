import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemClock } from '../../src/adapters/clock';
import { Metrics } from '../../src/adapters/metrics';
import { ERROR_CODES } from '../../src/core/errors';
import { StatusServer } from '../../src/status/status-server';
import { until } from '../../real-parts/wait';
import { busyMs, median } from './numbers';

export const BACKENDS = 1000;
const SCRAPES = 10;

const run = promisify(execFile);

/** `GET /metrics` of a gateway with BACKENDS backends. */
export interface Scrape {
  /** The longest turn of the event loop during a scrape, ms of CPU: of all scrapes, the median and the worst. */
  readonly stallMs: { readonly median: number; readonly worst: number };
  /** From the request to the last byte, ms. */
  readonly ms: number;
  readonly megabytes: number;
}

const unused = (): never => {
  throw new Error('only /metrics is asked');
};
const nothingElse = { status: unused, wake: unused, sleep: unused };

/** Scrapes as Prometheus does, from another process: in this one the client would be part of the stall. */
export const measureScrape = async (say: (line: string) => void): Promise<Scrape> => {
  const metrics = filled();
  const source = { isActive: () => true, metrics: () => metrics.text('prometheus', false), ...nothingElse };
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const server = new StatusServer({ host: '127.0.0.1', port: 0, token: undefined }, source, systemClock, log);
  server.start();
  try {
    const { port } = await until(
      'the status server listens',
      () => (server.address() as AddressInfo | null) ?? undefined,
    );
    const stalls: number[] = [];
    const took: number[] = [];
    let bytes = 0;
    for (let scrape = 1; scrape <= SCRAPES; scrape += 1) {
      const scraping = run(process.execPath, ['-e', SCRAPE, String(port)]);
      // Starting a process is a long turn of its own, which is over when the request comes.
      await nextTurn();
      const { turnMs, result } = await longestTurn(scraping);
      const scraped = JSON.parse(result.stdout) as { ms: number; bytes: number };
      stalls.push(turnMs);
      took.push(scraped.ms);
      bytes = scraped.bytes;
    }
    const figures = {
      stallMs: { median: median(stalls), worst: Math.max(...stalls) },
      ms: median(took),
      megabytes: bytes / 1e6,
    };
    say(
      `scrape of ${BACKENDS} backends: stall ${figures.stallMs.median.toFixed(0)} ms, ${figures.ms.toFixed(0)} ms in all`,
    );
    return figures;
  } finally {
    server.stop();
  }
};

/** What a process prints that scrapes once. */
const SCRAPE = `
  const from = performance.now();
  fetch('http://127.0.0.1:' + process.argv[1] + '/metrics').then((response) => response.arrayBuffer()).then((body) => {
    console.log(JSON.stringify({ ms: performance.now() - from, bytes: body.byteLength }));
  });
`;

/** Every series that a gateway with so many backends has after a while. */
const filled = (): Metrics => {
  const targets = Array.from({ length: BACKENDS }, (_, n) => `/team-${n % 40}/service-${n}`);
  const metrics = new Metrics({
    ...{ held: () => 0, heldLimit: () => 1, linesDropped: () => 0, observerFailures: () => 0, version: '0.0.0' },
    now: () => performance.now(),
    backends: () => targets.map((target) => ({ target, held: 0, state: 4, asleepSeconds: 12.5 })),
  });
  for (const [n, backend] of targets.entries()) {
    const coldStart = {
      ...{
        at: new Date(0).toISOString(),
        held: 1,
        wakeMs: 12,
        addressMs: 900,
        readyMs: 2400 + n,
        podReadyMs: 1900,
      },
      ...{ reason: 'no-pod' as const, host: 'client' as const, traceId: 'a'.repeat(32), service: undefined },
      ...{ lane: 'address' as const, probes: 4, messages: 1 },
    };
    metrics.coldStart(backend, coldStart);
    for (const outcome of ['released', 'SERVERLESS_HOLD_TIMEOUT'])
      metrics.settled(backend, { outcome, heldMs: 1234 + n });
    for (const lane of ['address', 'worker', 'settle'] as const)
      metrics.settled(backend, { outcome: 'released', heldMs: 1234 + n, lane, worker: 1 });
    metrics.renewed(backend);
    for (const outcome of ['passed', 'failed', 'unanswered']) metrics.probed(backend, outcome);
    for (const reason of ['cold-start', 'activity'] as const)
      metrics.published(backend, reason, { outcome: 'accepted' });
  }
  for (const code of ERROR_CODES) metrics.rejected(code);
  return metrics;
};

/** How long the event loop was busy at most in one turn until this work is done. It is kept turning, so as to be asked after each turn. */
const longestTurn = async <T>(work: Promise<T>): Promise<{ readonly turnMs: number; readonly result: T }> => {
  let turnMs = 0;
  let from = busyMs();
  let next: NodeJS.Immediate;
  const ask = (): void => {
    const now = busyMs();
    turnMs = Math.max(turnMs, now - from);
    from = now;
    next = setImmediate(ask);
  };
  next = setImmediate(ask);
  try {
    const result = await work;
    return { result, turnMs };
  } finally {
    clearImmediate(next);
  }
};

const silent = (): void => undefined;
