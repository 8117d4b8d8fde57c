import pino from 'pino';
import { LoggingObserver, observeAll, observeLater } from '../../../src/adapters/observers';
import { Metrics } from '../../../src/adapters/metrics';
import type { ColdStart, Observer } from '../../../src/core/ports';
import { flush } from '../../support/fake-clock';
import { Witness } from '../activation/activator-world';

const COLD_START: ColdStart = {
  at: '2026-01-01T00:00:00.000Z',
  held: 3,
  wakeMs: 12,
  readyMs: 2400,
  probes: 20,
  messages: 3,
};

function logging() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const time = { now: 0 };
  return { lines, time, observer: new LoggingObserver(logger, () => time.now) };
}

function tellAll(observer: Observer): void {
  observer.coldStart('/kong', COLD_START);
  observer.settled('/kong', 'released', 2400);
  observer.probed('/kong', 'passed');
  observer.published('/kong', 'cold-start', { outcome: 'accepted', status: 204 });
}

describe('the log', () => {
  test('has one line per cold start, with its figures', () => {
    const { lines, observer } = logging();
    tellAll(observer);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ msg: 'cold start', backend: '/kong', ...COLD_START });
  });

  test('says what to do about a publish that failed, and what Dapr said', () => {
    const { lines, observer } = logging();
    observer.published('/a', 'cold-start', { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND' });
    observer.published('/b', 'activity', { outcome: 'retry', error: 'ECONNREFUSED' });
    expect(lines).toMatchObject([
      { level: 50, backend: '/a', reason: 'cold-start', status: 404, error: 'ERR_PUBSUB_NOT_FOUND' },
      { level: 50, backend: '/b', reason: 'activity', error: 'ECONNREFUSED' },
    ]);
    expect(lines[0]!['msg']).toMatch(/check the names of the pubsub component and topic/);
    expect(lines[1]!['msg']).toMatch(/check that the sidecar runs/);
  });

  test('repeats a failure that goes on every 10 s, and at once when there was a success between', () => {
    const { lines, observer, time } = logging();
    const failed = () => {
      observer.published('/kong', 'cold-start', { outcome: 'retry', error: 'ECONNREFUSED' });
    };
    for (; time.now < 25_000; time.now += 500) failed();
    expect(lines).toHaveLength(3);
    observer.published('/kong', 'cold-start', { outcome: 'accepted', status: 204 });
    failed();
    expect(lines).toHaveLength(4);
  });
});

test('several observers are told the same', () => {
  const [one, two] = [new Witness(), new Witness()];
  tellAll(observeAll([one, two]));
  expect(one).toEqual(two);
  expect(one.coldStarts).toEqual([COLD_START]);
  expect(one.settlements).toEqual(['released']);
  expect(one.probes).toEqual(['passed']);
  expect(one.publishes).toEqual(['cold-start accepted']);
});

test('an observer that has to be loaded first is told everything, in order', async () => {
  const witness = new Witness();
  const observer = observeLater(() => Promise.resolve(witness));
  tellAll(observer);
  observer.probed('/kong', 'failed');
  await flush();
  expect(witness.coldStarts).toEqual([COLD_START]);
  expect(witness.settlements).toEqual(['released']);
  expect(witness.probes).toEqual(['passed', 'failed']);
  expect(witness.publishes).toEqual(['cold-start accepted']);
});

describe('metrics', () => {
  test('count what was told, by backend, and how many requests are held now', async () => {
    let held = 2;
    const metrics = new Metrics(() => held);
    tellAll(metrics);
    metrics.coldStart('/other', { ...COLD_START, wakeMs: undefined });
    held = 5;
    const text = await metrics.text();
    for (const line of [
      'serverless_requests_held 5',
      'serverless_cold_start_seconds_sum{backend="/kong"} 2.4',
      'serverless_wake_seconds_count{backend="/kong"} 1',
      'serverless_hold_seconds_count{backend="/kong",outcome="released"} 1',
      'serverless_probes_total{backend="/kong",outcome="passed"} 1',
      'serverless_messages_total{backend="/kong",reason="cold-start",outcome="accepted"} 1',
    ]) {
      expect(text).toContain(line);
    }
    // A wake-up that Dapr never took has no duration.
    expect(text).not.toContain('serverless_wake_seconds_count{backend="/other"}');
  });

  test('of two products in one process do not mix', async () => {
    const [one, two] = [new Metrics(() => 0), new Metrics(() => 0)];
    one.probed('/kong', 'passed');
    expect(await two.text()).not.toContain('/kong');
  });
});
