import { PROBE_HEADER } from '../../../src/adapters/own-probes';
import type { NoWakeMatcher } from '../../../src/core/backend';
import { exampleBackend } from '../core/example-backend';
import { flush } from '../../support/fake-clock';
import { PluginWorld } from './plugin-world';

const HEALTH = '/kong/healthz.html';
const NONE: NoWakeMatcher = { path: undefined, method: undefined, userAgent: undefined };

let plugin: PluginWorld;

beforeEach(() => {
  plugin = new PluginWorld();
});

afterEach(() => {
  // Kong's protocol has one call at a time, and none after the answer.
  expect(plugin.kongs.filter(({ outOfTurn }) => outOfTurn).map(({ calls }) => calls)).toEqual([]);
});

describe('a warm request', () => {
  test('makes no call to Kong when all backends of its instance are open', async () => {
    const instance = await plugin.warm(exampleBackend(), exampleBackend({ key: 'foo', target: '/foo' }));
    const phase = await plugin.request(instance);
    expect(phase.ended).toBe(true);
    expect(phase.kong.calls).toEqual([]);
  });

  test('makes one call when another backend of its instance is not open', async () => {
    const instance = await plugin.warm();
    const both = plugin.instance(exampleBackend(), exampleBackend({ key: 'foo', target: '/foo' }));
    await plugin.request(both);
    const phase = await plugin.request(both);
    expect(phase).toMatchObject({ ended: true, kong: { calls: ['request.get_path'], exited: undefined } });
    await plugin.request(instance);
  });

  test('is looked at every 100 ms, and those between are counted with it', async () => {
    const instance = await plugin.warm();
    const calls = [];
    for (let request = 0; request < 100; request++) {
      const { kong } = await plugin.request(instance);
      calls.push(...kong.calls);
      await plugin.clock.advance(10);
    }
    expect(calls).toEqual(Array(10).fill('request.get_path'));
    await plugin.clock.advance(2000);
    expect(plugin.world.publisher.requests).toBeGreaterThanOrEqual(90);
    expect(plugin.world.publisher.requests).toBeLessThanOrEqual(100);
  });

  test('is not held on a worker that was proven, and waits on one that was not', async () => {
    const instance = await plugin.warm();
    const other = plugin.instance();
    plugin.world.prober.up = false;
    const held = await plugin.request(other, { pid: 102 });
    expect(held.ended).toBe(false);
    expect((await plugin.request(instance)).ended).toBe(true);
  });

  test('does not carry the cold-start header', async () => {
    const instance = await plugin.warm();
    await plugin.clock.advance(200);
    expect((await plugin.request(instance)).kong.responseHeaders).toEqual({});
  });
});

describe('a cold request', () => {
  test('is held, and goes on when the backend is up, with the time that it was held', async () => {
    const phase = await plugin.request(plugin.instance());
    await plugin.clock.advance(950);
    expect(phase.ended).toBe(false);
    expect(plugin.world.publisher.of('cold-start')).toHaveLength(1);
    plugin.world.prober.up = true;
    await plugin.clock.advance(100);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(phase.kong.responseHeaders).toEqual({ 'X-Serverless-Cold-Start': 1010 });
  });

  test('of an activation passes on its Host and its trace; the others are not asked for theirs', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const instance = plugin.instance();
    await plugin.request(instance, { headers: { Host: 'shop.example.com', traceparent: trace } });
    const second = await plugin.request(instance, { headers: { Host: 'other.example.com', traceparent: 'other' } });
    await plugin.clock.advance(500);
    expect(second.kong.calls).toEqual(['request.get_path']);
    expect(plugin.world.publisher.of('cold-start')[0]!.traceparent).toBe(trace);
    expect(plugin.world.prober.rounds[0]!.host).toBe('shop.example.com');
  });

  test('is not asked for its Host where that is configured', async () => {
    const { kong } = await plugin.request(plugin.instance(exampleBackend({ probe: { host: 'a' } })));
    expect(kong.calls).not.toContain('request.get_header Host');
  });

  test.each([
    ['a letter that no header can carry', { Host: 'shop.example.com/ā', traceparent: 'ā' }],
    ['a line break', { Host: 'a\r\nX: y', traceparent: '00-\r\nX: y' }],
    ['far too much', { Host: 'a'.repeat(5000), traceparent: `00-${'0'.repeat(8000)}` }],
    ['nothing', { Host: '', traceparent: '' }],
  ])('cannot spoil the probe or the wake-up by headers with %s', async (_what, headers) => {
    await plugin.request(plugin.instance(), { headers });
    await plugin.clock.advance(50);
    expect(plugin.world.prober.rounds[0]!.host).toBeUndefined();
    expect(plugin.world.publisher.of('cold-start')[0]!.traceparent).toBeUndefined();
  });

  test.each(['shop.example.com:8443', '10.0.0.1', '[::1]:8000', 'under_score'])(
    'passes on the Host %s',
    async (host) => {
      await plugin.request(plugin.instance(), { headers: { Host: host } });
      await plugin.clock.advance(50);
      expect(plugin.world.prober.rounds[0]!.host).toBe(host);
    },
  );

  test('is held alike when Kong cannot say which worker it runs on', async () => {
    const phase = await plugin.request(plugin.instance(), { pid: 'unknown' });
    expect(phase.ended).toBe(false);
    plugin.world.prober.up = true;
    await plugin.clock.advance(1500);
    expect(phase.ended).toBe(true);
  });

  test.each(['//kong/', '/%6bong/', '/x/../kong/', '/./kong', '/kong/%2e', '/kong'])(
    'is held at %s too',
    async (path) => {
      expect((await plugin.request(plugin.instance(), { path })).ended).toBe(false);
    },
  );

  test('passes where no target covers its path', async () => {
    const phase = await plugin.request(plugin.instance(), { path: '/kongress' });
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(plugin.world.prober.rounds).toEqual([]);
  });

  test('for a backend without a health path goes on at once, and wakes it', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ healthPath: undefined })));
    expect(phase.ended).toBe(true);
    expect(plugin.world.publisher.requests).toBe(1);
  });
});

describe('our own probe', () => {
  test('passes at once on its worker, and its header does not reach the backend', async () => {
    const instance = plugin.instance();
    const ticket = plugin.ownProbes.issue(HEALTH);
    const phase = await plugin.request(instance, { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined, clearedHeaders: [PROBE_HEADER] } });
    expect(plugin.ownProbes.done(ticket)).toBe(101);
  });

  test('is met also by an instance whose backends are all open, to learn its worker', async () => {
    const instance = await plugin.warm();
    const ticket = plugin.ownProbes.issue(HEALTH);
    await plugin.request(instance, { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(plugin.ownProbes.done(ticket)).toBe(101);
  });

  test('that comes by after its time-out is not held as if it were a request', async () => {
    const ticket = plugin.ownProbes.issue(HEALTH);
    plugin.ownProbes.giveUp(ticket);
    const phase = await plugin.request(plugin.instance(), { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(phase).toMatchObject({ ended: true, kong: { clearedHeaders: [PROBE_HEADER] } });
    expect(plugin.world.budget.held).toBe(0);
  });

  test.each(['', 'x', '00000000-0000-4000-8000-000000000000', undefined])(
    'is not taken for one with %j',
    async (forged) => {
      plugin.ownProbes.issue(HEALTH);
      const headers = forged === undefined ? {} : { [PROBE_HEADER]: forged };
      const phase = await plugin.request(plugin.instance(), { path: HEALTH, headers });
      expect(phase.ended).toBe(false);
      expect(phase.kong.clearedHeaders).toEqual([]);
    },
  );

  test('with a forged header is held even with no probe under way', async () => {
    const headers = { [PROBE_HEADER]: 'true' };
    expect((await plugin.request(plugin.instance(), { path: HEALTH, headers })).ended).toBe(false);
  });

  test('the predecessor’s ?check=none opens nothing: the query is not even read', async () => {
    const phase = await plugin.request(plugin.instance(), { path: '/kong/' });
    expect(phase.ended).toBe(false);
    expect(phase.kong.calls.filter((call) => call.includes('query'))).toEqual([]);
  });
});

describe('a request that must not wake', () => {
  const backend = (matcher: Partial<NoWakeMatcher>) =>
    exampleBackend({ noWake: [{ ...NONE, ...matcher }], noWakeStatus: 404 });

  test.each([
    ['path', { path: '/kong/metrics' }, { path: '/kong/metrics/x' }, ['request.get_path']],
    ['method', { method: 'HEAD' }, { method: 'HEAD' }, ['request.get_path', 'request.get_method']],
    [
      'user agent',
      { userAgent: 'kube-probe' },
      { headers: { 'User-Agent': 'Kube-Probe/1.30' } },
      ['request.get_path', 'request.get_header User-Agent'],
    ],
  ] as const)('by its %s gets its answer, and only what decides is asked for', async (_by, matcher, request, calls) => {
    const instance = plugin.instance(backend(matcher));
    const phase = await plugin.request(instance, request);
    await plugin.clock.advance(100);
    expect(phase.kong.exited).toMatchObject({ status: 404 });
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_NO_WAKE', backend: '/kong' });
    expect(plugin.world.publisher.published).toEqual([]);
    expect(phase.kong.calls.slice(1, 1 + calls.length)).toEqual(calls);
    // It is as configured: nothing for an operator to look at.
    expect(phase.kong.logged).toEqual([]);
  });

  test('another request wakes', async () => {
    const instance = plugin.instance(backend({ userAgent: 'kube-probe' }));
    await plugin.request(instance);
    await plugin.clock.advance(100);
    expect(plugin.world.publisher.of('cold-start')).toHaveLength(1);
  });

  test('goes on where the backend is up, and is no activity that keeps it up', async () => {
    const instance = await plugin.warm(backend({ userAgent: 'kube-probe' }));
    await plugin.clock.advance(200);
    const phase = await plugin.request(instance, { headers: { 'User-Agent': 'kube-probe' } });
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    await plugin.clock.advance(1000);
    expect(plugin.world.publisher.published).toEqual([]);
  });
});

describe('a request that is answered', () => {
  test('at its deadline: 503, Retry-After, and the reason, also in Kong’s log', async () => {
    const phase = await plugin.request(plugin.instance());
    await plugin.clock.advance(30_000);
    expect(phase.ended).toBe(true);
    expect(phase.kong.exited).toMatchObject({
      status: 503,
      headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '5', 'Cache-Control': 'no-store' },
    });
    expect(phase.kong.problem).toMatchObject({
      code: 'SERVERLESS_HOLD_TIMEOUT',
      backend: '/kong',
      lastProbe: { status: 503 },
      lastPublish: { outcome: 'accepted', status: 204 },
    });
    expect(phase.kong.logged).toEqual([expect.stringMatching(/^serverless: SERVERLESS_HOLD_TIMEOUT: .*"status":503/)]);
    expect(plugin.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ code: 'SERVERLESS_HOLD_TIMEOUT', backend: '/kong', lastProbe: { status: 503 } }),
    ]);
  });

  test('at its deadline with on_timeout pass: it goes on', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ onTimeout: 'pass' })));
    await plugin.clock.advance(30_000);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('by Dapr’s refusal: with Dapr’s words, at once, also with on_timeout pass', async () => {
    plugin.world.publisher.report = { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND' };
    const phase = await plugin.request(plugin.instance(exampleBackend({ onTimeout: 'pass' })));
    await plugin.clock.advance(10);
    expect(phase.kong.exited?.status).toBe(503);
    expect(phase.kong.problem).toMatchObject({
      code: 'SERVERLESS_WAKE_REFUSED',
      lastPublish: { error: 'ERR_PUBSUB_NOT_FOUND' },
    });
  });

  test('because too many are held: at once, and those held stay', async () => {
    const instance = plugin.instance(exampleBackend({ policy: { maxHeld: 1 } }));
    const first = await plugin.request(instance);
    const second = await plugin.request(instance);
    expect(second.kong.problem).toMatchObject({ code: 'SERVERLESS_HOLD_OVERFLOW' });
    expect(first.ended).toBe(false);
  });

  test('as the very first, which brought its origin', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ policy: { maxHeld: 0 } })));
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_HOLD_OVERFLOW' });
  });

  test('because the gateway goes away: new ones, for a backend that is not open', async () => {
    const open = await plugin.warm();
    const cold = plugin.instance(exampleBackend({ key: 'foo', target: '/foo' }));
    const held = await plugin.request(cold, { path: '/foo' });
    plugin.draining = true;
    const refused = await plugin.request(cold, { path: '/foo' });
    expect(refused.kong.exited).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(refused.kong.problem).toMatchObject({ code: 'SERVERLESS_SHUTTING_DOWN', backend: '/foo' });
    expect((await plugin.request(open)).kong.exited).toBeUndefined();
    await plugin.clock.advance(500);
    expect(held).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('is written to Kong’s log once a second, however many there are', async () => {
    plugin.draining = true;
    const instance = plugin.instance();
    const logged = [];
    for (let request = 0; request < 30; request++) {
      const { kong } = await plugin.request(instance);
      expect(kong.exited?.status).toBe(503);
      logged.push(...kong.logged);
      await plugin.clock.advance(100);
    }
    expect(logged).toHaveLength(3);
  });
});

describe('an exception', () => {
  test.each([
    'nginx.get_var',
    'request.get_path',
    'request.get_header X-Serverless-Probe',
    'service.request.clear_header',
  ])('at %s is answered 503, never let through', async (failOn) => {
    const ticket = plugin.ownProbes.issue(HEALTH);
    const request = { path: HEALTH, headers: { [PROBE_HEADER]: ticket } };
    const phase = await plugin.request(plugin.instance(), request, { failOn });
    expect(phase).toMatchObject({ ended: true, failed: undefined });
    expect(phase.kong.exited?.status).toBe(503);
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_INTERNAL' });
    expect(plugin.lines.join()).toContain(`Kong failed at ${failOn}`);
  });

  test('after a release is answered 503 too', async () => {
    const phase = await plugin.request(plugin.instance(), {}, { failOn: 'response.set_header' });
    plugin.world.prober.up = true;
    await plugin.clock.advance(200);
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_INTERNAL' });
  });

  test('where nothing had to be asked is answered 503 too', async () => {
    const instance = await plugin.warm();
    jest.spyOn(plugin.registry, 'get').mockImplementation(() => {
      throw new Error('no memory');
    });
    const phase = await plugin.request(instance);
    expect(phase).toMatchObject({ ended: true, failed: undefined });
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_INTERNAL' });
  });

  test('in the headers that the origin is read from does not harm the request', async () => {
    const phase = await plugin.request(plugin.instance(), {}, { failOn: 'request.get_header' });
    plugin.world.prober.up = true;
    await plugin.clock.advance(200);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('while answering ends the phase, with both reasons in the log', async () => {
    plugin.draining = true;
    const phase = await plugin.request(plugin.instance(), {}, { failOn: 'response.exit' });
    expect(phase).toMatchObject({ ended: true, failed: undefined });
    expect(plugin.lines.join()).toContain('the request could not be answered');
  });

  test('of a request whose client has left is nobody’s', async () => {
    const controller = new AbortController();
    controller.abort();
    const phase = await plugin.request(
      plugin.instance(),
      {},
      { signal: controller.signal, failOn: 'request.get_path' },
    );
    expect(phase.ended).toBe(true);
    expect(phase.kong.exited).toBeUndefined();
    expect(plugin.lines).toEqual([]);
  });
});

describe('while it is held', () => {
  const beats = (calls: readonly string[]) => calls.filter((call) => call === 'nginx.get_var pid').length - 1;

  test('Kong hears from it every 20 s', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ policy: { holdTimeoutMs: 130_000 } })));
    await plugin.clock.advance(19_999);
    expect(beats(phase.kong.calls)).toBe(0);
    await plugin.clock.advance(1);
    expect(beats(phase.kong.calls)).toBe(1);
    await plugin.clock.advance(109_000);
    expect(beats(phase.kong.calls)).toBe(6);
    expect(phase.ended).toBe(false);
  });

  test('a heartbeat that Kong answers with an error is an answer', async () => {
    const phase = await plugin.request(plugin.instance());
    phase.kong.failOn = 'nginx.get_var';
    await plugin.clock.advance(25_000);
    expect(phase.ended).toBe(false);
    expect(plugin.world.budget.held).toBe(1);
  });

  test('a heartbeat without an answer within 5 s frees its place: the client is gone', async () => {
    const phase = await plugin.request(plugin.instance());
    phase.kong.gone = true;
    await plugin.clock.advance(24_999);
    expect(plugin.world.budget.held).toBe(1);
    await plugin.clock.advance(1);
    expect(plugin.world.budget.held).toBe(0);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(plugin.world.witness.settlements).toEqual(['client-gone']);
  });

  test('a connection that ends frees its place at once', async () => {
    const controller = new AbortController();
    const phase = await plugin.request(plugin.instance(), {}, { signal: controller.signal });
    await plugin.clock.advance(1000);
    expect(plugin.world.budget.held).toBe(1);
    controller.abort();
    await flush();
    expect(plugin.world.budget.held).toBe(0);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    await plugin.clock.advance(1000);
    expect(plugin.clock.pending).toBe(1);
  });

  test('a connection that ends during a heartbeat, or while its origin is read, frees its place at once', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const beating = await plugin.request(plugin.instance(), {}, { signal: first.signal });
    await plugin.clock.advance(19_500);
    beating.kong.gone = true;
    await plugin.clock.advance(600);
    first.abort();
    await flush();
    expect(plugin.world.budget.held).toBe(0);

    const other = plugin.instance(exampleBackend({ key: 'foo', target: '/foo' }));
    await plugin.request(other, { path: '/elsewhere' });
    const phase = await plugin.request(
      other,
      { path: '/foo' },
      { signal: second.signal, goneAt: 'request.get_header' },
    );
    expect(plugin.world.budget.held).toBe(1);
    second.abort();
    await flush();
    expect(plugin.world.budget.held).toBe(0);
    expect(phase.kong.exited).toBeUndefined();
  });

  test('an origin that Kong does not tell within 5 s frees its place: the client is gone', async () => {
    const instance = plugin.instance();
    await plugin.request(instance, { path: '/elsewhere' });
    const phase = await plugin.request(instance, {}, { goneAt: 'request.get_header' });
    await plugin.clock.advance(4999);
    expect(plugin.world.budget.held).toBe(1);
    await plugin.clock.advance(1);
    expect(plugin.world.budget.held).toBe(0);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('a client that was gone before it was held frees its place at once', async () => {
    const controller = new AbortController();
    controller.abort();
    const phase = await plugin.request(plugin.instance(), {}, { signal: controller.signal });
    expect(phase.ended).toBe(true);
    expect(plugin.world.budget.held).toBe(0);
  });
});

test('no line of any log has a ticket or a header’s value in it', async () => {
  const secrets = { Host: 'secret-host', traceparent: 'secret-trace', [PROBE_HEADER]: 'secret-ticket' };
  const ticket = plugin.ownProbes.issue(HEALTH);
  const instance = plugin.instance();
  const phases = [await plugin.request(instance, { path: HEALTH, headers: secrets })];
  phases.push(await plugin.request(instance, { path: HEALTH, headers: secrets }, { failOn: 'request.get_path' }));
  plugin.draining = true;
  phases.push(await plugin.request(instance, { path: HEALTH, headers: secrets }));
  await plugin.clock.advance(30_000);
  const lines = [...plugin.lines, ...phases.flatMap(({ kong }) => [...kong.logged, kong.exited?.body])].join('\n');
  expect(lines).toContain('SERVERLESS_SHUTTING_DOWN');
  expect(lines).not.toMatch(/secret-/);
  expect(lines).not.toContain(ticket);
});
