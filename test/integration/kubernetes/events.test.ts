import { systemClock } from '../../../src/adapters/clock';
import type { ColdStart, LateColdStart } from '../../../src/core/ports';
import { EventObserver } from '../../../src/kubernetes/event-observer';
import { until } from '../../../real-parts/wait';
import { FakeApiServer } from '../../support/fake-api-server';
import { coldStart } from '../../unit/status/example-status';
import { RecordingLog } from '../../unit/server/server-rig';

const service = { name: 'consumer', namespace: 'shop' };
const start: ColdStart = coldStart({ service });
const late: LateColdStart = {
  ...{ at: '', reason: 'probe', service, sinceMs: 30_000, wakeMs: 12, addressMs: undefined, probes: 20, messages: 3 },
};

describe('Events on the Services of backends', () => {
  let api: FakeApiServer;
  let log: RecordingLog;
  let now = 0;
  let observer: EventObserver;
  beforeEach(async () => {
    api = await new FakeApiServer().start();
    log = new RecordingLog();
    now = 0;
    observer = new EventObserver(api, 'node-1', { ...systemClock, now: () => now }, log);
  });
  afterEach(async () => {
    observer.close();
    await api.stop();
  });

  test('a cold start is one, with its phases', async () => {
    observer.coldStart('/kong', start);
    await until('it is written', () => api.events.length === 1);
    expect(api.events).toEqual([
      expect.objectContaining({
        path: '/api/v1/namespaces/shop/events',
        kind: 'Event',
        metadata: { generateName: 'consumer.', namespace: 'shop' },
        involvedObject: { apiVersion: 'v1', kind: 'Service', name: 'consumer', namespace: 'shop' },
        ...{ reason: 'ColdStart', type: 'Normal', count: 1 },
        message:
          '/kong was woken for 3 requests: woken after 0.0 s, a pod had its address after 0.8 s, released after 1.5 s (lane: address)',
        source: { component: 'kong-serverless', host: 'node-1' },
      }),
    ]);
  });

  test.each([
    ['SERVERLESS_WAKE_REFUSED', { wakeMs: undefined }, 'WakeRefused', 'nobody took the wake-up'],
    ['SERVERLESS_HOLD_TIMEOUT', {}, 'ColdStartLate', 'the wake-up was taken, and no pod has been seen'],
    ['SERVERLESS_HOLD_TIMEOUT', { addressMs: 900 }, 'ColdStartLate', 'a pod was there, and did not pass its probe'],
  ] as const)('what goes wrong is a warning that says how far it had come: %s %j', async (code, more, reason, said) => {
    observer.coldStartLate('/kong', code, { ...late, ...more });
    await until('it is written', () => api.events.length === 1);
    expect(api.events).toEqual([
      expect.objectContaining({
        reason,
        type: 'Warning',
        message: `/kong: requests are answered ${code} after 30.0 s: ${said}`,
      }),
    ]);
  });

  test('one of a kind in 10 s for each Service, however often it happens', async () => {
    for (let n = 0; n < 100; n += 1) observer.coldStart('/kong', start);
    observer.coldStart('/foo', { ...start, service: { ...service, name: 'foo' } });
    await until('both are written', () => api.events.length === 2);
    expect(api.events).toHaveLength(2);
    now = 10_000;
    observer.coldStart('/kong', start);
    await until('one more is', () => api.events.length === 3);
  });

  test('what happens to requests, probes and messages is none', async () => {
    observer.settled();
    observer.renewed();
    observer.probed();
    observer.published();
    observer.rejected();
    observer.coldStart('/kong', { ...start, held: 1, wakeMs: undefined, addressMs: undefined });
    await until('one is written', () => api.events.length > 0);
    expect(api.events).toEqual([
      expect.objectContaining({ message: '/kong was woken for a request: released after 1.5 s (lane: address)' }),
    ]);
  });

  test('a thousand Services and more are remembered, and no more', async () => {
    for (let n = 0; n < 1100; n += 1) observer.coldStart('/x', { ...start, service: { ...service, name: `s${n}` } });
    await until('some are written', () => api.events.length >= 8);
    expect(api.events.length).toBeLessThan(1100);
  });

  test('an API server that is not there is a warning, too', async () => {
    await api.stop();
    observer.coldStart('/kong', start);
    await until('it is logged', () => log.texts('warn').length === 1);
    expect(log.texts('warn')).toEqual(['an Event could not be written']);
    api = await new FakeApiServer().start();
  });

  test('where the Service is not known there is none', async () => {
    observer.coldStart('/kong', { ...start, service: undefined });
    observer.coldStart('/foo', start);
    await until('the other is written', () => api.events.length === 1);
    expect(api.events).toEqual([expect.objectContaining({ message: expect.stringContaining('/foo') })]);
  });

  test('without the right to it one warning in 10 s says what to do, and nobody else notices', async () => {
    api.refuses = 403;
    observer.coldStart('/kong', start);
    observer.coldStartLate('/kong', 'SERVERLESS_HOLD_TIMEOUT', late);
    await until('both were asked for', () => api.asked.length === 2);
    await until('it is logged', () => log.texts('warn').length === 1);
    expect(log.texts('warn')[0]).toContain('manifests/events-writer');
  });

  test('a process that ends gives up what is on its way', async () => {
    observer.coldStart('/kong', start);
    observer.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(log.texts('warn')).toEqual([]);
  });
});
