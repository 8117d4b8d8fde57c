import pino from 'pino';
import { LoggingObserver, Observers } from '../../../src/adapters/observers';
import type { ColdStart, LateColdStart, Observer } from '../../../src/core/ports';
import { FakeClock } from '../../support/fake-clock';
import { Witness } from '../activation/activator-rig';

const COLD_START: ColdStart = {
  at: '2026-01-01T00:00:00.000Z',
  reason: 'no-pod',
  host: 'client',
  traceId: undefined,
  service: undefined,
  held: 3,
  wakeMs: 12,
  addressMs: 900,
  podReadyMs: undefined,
  lane: 'address',
  readyMs: 2400,
  probes: 20,
  messages: 3,
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

function logging() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const clock = new FakeClock();
  return { lines, clock, logger, observer: new LoggingObserver(logger, clock) };
}

function tellAll(observer: Observer): void {
  observer.coldStart('/kong', COLD_START);
  observer.settled('/kong', { outcome: 'released', heldMs: 2400 });
  observer.renewed('/kong');
  observer.coldStartLate('/kong', 'SERVERLESS_HOLD_TIMEOUT', LATE);
  observer.probed('/kong', 'passed');
  observer.published('/kong', 'cold-start', { outcome: 'accepted', status: 204 });
  observer.rejected('SERVERLESS_HOLD_TIMEOUT');
}

describe('the log', () => {
  test('has one line per cold start, with its figures', () => {
    const { lines, observer } = logging();
    tellAll(observer);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      msg: 'cold start',
      backend: '/kong',
      ...(JSON.parse(JSON.stringify(COLD_START)) as ColdStart),
    });
  });

  test('says once that requests are rejected during a cold start, and how far it had come', () => {
    const { lines, observer } = logging();
    observer.coldStartLate('/kong', 'SERVERLESS_HOLD_TIMEOUT', LATE);
    expect(lines).toMatchObject([
      { level: 40, backend: '/kong', code: 'SERVERLESS_HOLD_TIMEOUT', sinceMs: 30_000, wakeMs: 12 },
    ]);
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

  test('repeats a failure that goes on every 10 s, and at once when there was a success between', async () => {
    const { lines, observer, clock } = logging();
    const failed = () => {
      observer.published('/kong', 'cold-start', { outcome: 'retry', error: 'ECONNREFUSED' });
    };
    for (let now = 0; now < 25_000; now += 500) {
      failed();
      await clock.advance(500);
    }
    expect(lines).toHaveLength(3);
    observer.published('/kong', 'cold-start', { outcome: 'accepted', status: 204 });
    failed();
    expect(lines).toHaveLength(4);
  });
});

describe('several observers', () => {
  test('are told the same', () => {
    const [one, two] = [new Witness(), new Witness()];
    const { logger } = logging();
    tellAll(new Observers([one, two], logger, new FakeClock()));
    expect(one).toEqual(two);
    expect(one.coldStarts).toEqual([COLD_START]);
    expect(one.settlements).toEqual(['released']);
    expect(one.probes).toEqual(['passed']);
    expect(one.publishes).toEqual(['cold-start accepted']);
    expect(one.rejections).toEqual(['SERVERLESS_HOLD_TIMEOUT']);
    expect(one.late).toEqual([{ code: 'SERVERLESS_HOLD_TIMEOUT', ...LATE }]);
    expect(one.renewals).toBe(1);
  });

  test('do not disturb each other, or whoever tells them: an error is counted, and logged once in 10 s', async () => {
    const { lines, logger } = logging();
    const clock = new FakeClock();
    const fail = (): never => {
      throw new Error('a broken observer');
    };
    const broken: Observer = {
      ...{ coldStart: fail, coldStartLate: fail, settled: fail, renewed: fail },
      ...{ probed: fail, published: fail, rejected: fail },
    };
    const witness = new Witness();
    const observers = new Observers([broken, witness, broken], logger, clock);
    tellAll(observers);
    expect(witness.rejections).toHaveLength(1);
    expect(observers.failures).toBe(14);
    expect(lines).toMatchObject([{ level: 50, err: { message: 'a broken observer' }, failures: 1 }]);
    await clock.advance(10_000);
    tellAll(observers);
    expect(lines).toMatchObject([{}, { failures: 15 }]);
  });
});
