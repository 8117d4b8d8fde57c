import { PROBE_HEADER } from '../../../src/adapters/own-probes';
import type { NoWakeMatcher } from '../../../src/core/backend';
import { exampleBackend } from '../core/example-backend';
import { PluginRig } from './plugin-rig';

const HEALTH = '/kong/healthz.html';
const NONE: NoWakeMatcher = { path: undefined, method: undefined, userAgent: undefined, status: 404 };

let plugin: PluginRig;

beforeEach(() => {
  plugin = new PluginRig();
});

afterEach(() => {
  expect(plugin.outOfTurn).toEqual([]);
});

describe('a request that must not wake', () => {
  const backend = (matcher: Partial<NoWakeMatcher>) => exampleBackend({ noWake: [{ ...NONE, ...matcher }] });

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
    expect(plugin.rig.publisher.published).toEqual([]);
    expect(phase.kong.calls.slice(1, 1 + calls.length)).toEqual(calls);
    // It is as configured: nothing for an operator to look at.
    expect(phase.kong.logged).toEqual([]);
  });

  test('another request wakes', async () => {
    const instance = plugin.instance(backend({ userAgent: 'kube-probe' }));
    await plugin.request(instance);
    await plugin.clock.advance(100);
    expect(plugin.rig.publisher.of('cold-start')).toHaveLength(1);
  });

  test('goes on where the backend is up, and is no activity that keeps it up', async () => {
    const instance = await plugin.warm(backend({ userAgent: 'kube-probe' }));
    await plugin.clock.advance(200);
    const phase = await plugin.request(instance, { headers: { 'User-Agent': 'kube-probe' } });
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    await plugin.clock.advance(1000);
    expect(plugin.rig.publisher.published).toEqual([]);
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

  test('by Dapr’s refusal: at once, also with on_timeout pass; Dapr’s words are in the log and not in the answer', async () => {
    plugin.rig.publisher.report = { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND' };
    const phase = await plugin.request(plugin.instance(exampleBackend({ onTimeout: 'pass' })));
    await plugin.clock.advance(10);
    expect(phase.kong.exited?.status).toBe(503);
    expect(phase.kong.problem).toMatchObject({
      code: 'SERVERLESS_WAKE_REFUSED',
      lastPublish: { outcome: 'refused', status: 404 },
    });
    expect(phase.kong.exited?.body).not.toContain('ERR_PUBSUB');
    expect(phase.kong.logged.join()).toContain('ERR_PUBSUB_NOT_FOUND');
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
    expect(plugin.rejected).toEqual(['SERVERLESS_SHUTTING_DOWN']);
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
    const ticket = plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
    const request = { path: HEALTH, headers: { [PROBE_HEADER]: ticket } };
    const phase = await plugin.request(plugin.instance(), request, { failOn });
    expect(phase).toMatchObject({ ended: true, failed: undefined });
    expect(phase.kong.exited?.status).toBe(503);
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_INTERNAL' });
    expect(plugin.rejected).toEqual(['SERVERLESS_INTERNAL']);
    expect(plugin.lines.join()).toContain(`Kong failed at ${failOn}`);
  });

  test('after a release is answered 503 too', async () => {
    const phase = await plugin.request(plugin.instance(), {}, { failOn: 'response.set_header' });
    plugin.rig.prober.up = true;
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
    plugin.rig.prober.up = true;
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

test('no line of any log has a ticket or a header’s value in it', async () => {
  const secrets = { Host: 'secret-host', traceparent: 'secret-trace', [PROBE_HEADER]: 'secret-ticket' };
  const ticket = plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
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
