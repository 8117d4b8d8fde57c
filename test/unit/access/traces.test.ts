import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { systemClock } from '../../../src/adapters/clock';
import { MemoryTracer, shown } from '../../support/memory-tracer';
import { exampleBackend } from '../core/example-backend';
import { PluginRig } from './plugin-rig';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traced = { headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: 'vendor=1' } };

let memory: MemoryTracer;
let plugin: PluginRig;
beforeEach(() => {
  memory = new MemoryTracer(systemClock);
  plugin = new PluginRig(memory.tracer);
});
afterEach(() => {
  expect(plugin.outOfTurn).toEqual([]);
});

const one = (spans: readonly ReadableSpan[], name: string): ReturnType<typeof shown> => {
  const found = spans.filter((span) => span.name === name);
  expect(found).toHaveLength(1);
  return shown(found[0]!);
};

describe('a request for a sleeping backend', () => {
  test('is a span of its client’s trace, with the wake-up and all probes below it; the backend’s spans will be, too', async () => {
    const phase = await plugin.request(plugin.instance(), traced);
    await plugin.clock.advance(950);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(100);
    expect(phase.ended).toBe(true);
    const [wakeUp] = plugin.rig.publisher.of('cold-start');
    const spans = await memory.sent();
    expect(spans).toHaveLength(3);
    const [hold, publish, probe] = ['hold', 'publish', 'probe'].map((name) => one(spans, name));

    expect(hold).toMatchObject({
      trace: TRACE,
      parent: 'b7ad6b7169203331',
      attributes: {
        'serverless.backend': '/kong',
        'serverless.nginx.worker': 101,
        'serverless.outcome': 'released',
        'serverless.lane': 'worker',
        'serverless.cold_start': true,
      },
    });
    expect(spans.find(({ name }) => name === 'hold')!.events).toMatchObject([{ name: 'release' }]);
    expect(publish).toMatchObject({
      trace: TRACE,
      parent: hold!.id,
      attributes: { 'serverless.outcome': 'accepted', 'http.response.status_code': 204 },
    });
    expect(probe).toMatchObject({ trace: TRACE, parent: hold!.id, attributes: { 'serverless.outcome': 'passed' } });
    expect(probe!.attributes['serverless.probes']).toBe(plugin.rig.prober.rounds.length);
    expect(wakeUp).toMatchObject({
      traceparent: `00-${TRACE}-${publish!.id}-01`,
      message: { traceparent: `00-${TRACE}-${publish!.id}-01`, tracestate: 'vendor=1' },
    });
    expect(phase.kong.upstreamHeaders).toEqual({ traceparent: `00-${TRACE}-${hold!.id}-01` });
  });

  test('that must not wake says so, and that it was rejected', async () => {
    const noWake = [{ path: undefined, method: 'GET', userAgent: undefined, status: 503 }];
    await plugin.request(plugin.instance(exampleBackend({ noWake })), traced);
    await plugin.clock.advance(500);
    const hold = one(await memory.sent(), 'hold');
    expect(hold.attributes).toMatchObject({
      'serverless.no_wake': true,
      'serverless.outcome': 'SERVERLESS_NO_WAKE',
      'serverless.cold_start': false,
    });
  });

  test('that had just become ready makes none: it never waited', async () => {
    const instance = plugin.instance();
    await plugin.request(instance);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(10_000);
    plugin.rig.prober.rounds.length = 0;
    const before = (await memory.sent()).length;
    const activator = plugin.registry.get(exampleBackend());
    await plugin.request(instance, traced);
    await plugin.clock.advance(100);
    jest.spyOn(activator, 'isOpen').mockReturnValueOnce(false);
    const phase = await plugin.request(plugin.instance(), traced);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect((await memory.sent()).length - before).toBeLessThanOrEqual(2);
  });

  test('without a trace of its own begins one', async () => {
    await plugin.request(plugin.instance());
    plugin.rig.prober.up = true;
    await plugin.clock.advance(500);
    const spans = await memory.sent();
    expect(one(spans, 'hold').parent).toBeUndefined();
    expect(new Set(spans.map((span) => shown(span).trace)).size).toBe(1);
  });

  test('that is one of many is a span of its own; only the first has the wake-up', async () => {
    const instance = plugin.instance();
    const phases = [
      await plugin.request(instance, traced),
      await plugin.request(instance),
      await plugin.request(instance),
    ];
    await plugin.clock.advance(50);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(500);
    expect(phases.every(({ ended }) => ended)).toBe(true);
    const spans = await memory.sent();
    expect(spans.filter(({ name }) => name === 'hold')).toHaveLength(3);
    expect(one(spans, 'publish').trace).toBe(TRACE);
    expect(one(spans, 'probe').trace).toBe(TRACE);
  });

  test('that is rejected says why, with what was tried', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ policy: { holdTimeoutMs: 1000 } })), traced);
    await plugin.clock.advance(1100);
    expect(phase.kong.exited?.status).toBe(503);
    expect(phase.kong.upstreamHeaders).toEqual({});
    const spans = await memory.sent();
    expect(one(spans, 'hold').attributes).toMatchObject({
      'serverless.outcome': 'SERVERLESS_HOLD_TIMEOUT',
      'serverless.last_probe': '{"status":503}',
      'serverless.last_publish': '{"outcome":"accepted","status":204}',
      'serverless.cold_start': true,
    });
    expect(one(spans, 'probe').attributes).toMatchObject({ 'serverless.outcome': 'failed' });
    for (const { name, status } of spans) if (name !== 'publish') expect(status.code).toBe(2);
  });

  test('whose client leaves says so', async () => {
    const client = new AbortController();
    await plugin.request(plugin.instance(), traced, { signal: client.signal });
    await plugin.clock.advance(50);
    client.abort();
    await plugin.clock.advance(0);
    expect(one(await memory.sent(), 'hold').attributes).toMatchObject({ 'serverless.outcome': 'client-gone' });
  });

  test('that is let through at its deadline takes its context along', async () => {
    const backend = exampleBackend({ policy: { holdTimeoutMs: 1000 }, onTimeout: 'pass' });
    const phase = await plugin.request(plugin.instance(backend), traced);
    await plugin.clock.advance(1100);
    const hold = one(await memory.sent(), 'hold');
    expect(phase.kong.upstreamHeaders).toEqual({ traceparent: `00-${TRACE}-${hold.id}-01` });
  });

  test('is held although its trace cannot be read', async () => {
    const phase = await plugin.request(plugin.instance(), traced, { failOn: 'request.get_header traceparent' });
    plugin.rig.prober.up = true;
    await plugin.clock.advance(500);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(one(await memory.sent(), 'hold').parent).toBeUndefined();
  });
});

test('a request that its client’s trace does not sample leaves the trace as it came', async () => {
  const traceparent = `00-${TRACE}-b7ad6b7169203331-00`;
  const phase = await plugin.request(plugin.instance(), { headers: { traceparent } });
  await plugin.clock.advance(50);
  plugin.rig.prober.up = true;
  await plugin.clock.advance(500);
  expect(phase.ended).toBe(true);
  expect(phase.kong.upstreamHeaders).toEqual({});
  expect(plugin.rig.publisher.of('cold-start')[0]?.traceparent).toBe(traceparent);
  expect(await memory.sent()).toEqual([]);
});

test('a request on another worker that waits for a backend that is up is no cold start', async () => {
  await plugin.warm();
  const phase = await plugin.request(plugin.instance(), { pid: 202, ...traced });
  await plugin.clock.advance(500);
  expect(phase.ended).toBe(true);
  const holds = (await memory.sent()).filter(({ name }) => name === 'hold').map(shown);
  expect(holds.find(({ trace }) => trace === TRACE)!.attributes).toMatchObject({
    'serverless.nginx.worker': 202,
    'serverless.cold_start': false,
  });
});

test('a warm request makes no span and no call for one', async () => {
  const instance = await plugin.warm();
  const first = await plugin.request(instance, traced);
  await plugin.clock.advance(150);
  const next = await plugin.request(instance, traced);
  expect([first.kong.calls, next.kong.calls]).toEqual([[], []]);
  expect((await memory.sent()).filter((span) => shown(span).trace === TRACE)).toEqual([]);
});

test('without a tracer a held request’s trace goes on as it came', async () => {
  plugin = new PluginRig();
  const phase = await plugin.request(plugin.instance(), traced);
  await plugin.clock.advance(50);
  plugin.rig.prober.up = true;
  await plugin.clock.advance(500);
  expect(phase.ended).toBe(true);
  expect(phase.kong.upstreamHeaders).toEqual({});
  expect(plugin.rig.publisher.of('cold-start')[0]).toMatchObject({
    traceparent: traced.headers.traceparent,
    message: { ...traced.headers },
  });
});
