import { PROBE_HEADER, PROBE_USER_AGENT } from '../../../src/adapters/own-probes';
import { normalizePath } from '../../../src/core/match';
import { FakeKong, type FakeRequest } from '../../support/fake-kong';
import { exampleBackend } from '../core/example-backend';
import { PluginRig } from './plugin-rig';

const HEALTH = '/kong/healthz.html';

let plugin: PluginRig;

beforeEach(() => {
  plugin = new PluginRig();
});

afterEach(() => {
  expect(plugin.outOfTurn).toEqual([]);
});

describe('a warm request', () => {
  test('makes no call to Kong where it can only be for one backend, which is open', async () => {
    const instance = await plugin.warm();
    const phase = await plugin.request(instance);
    expect(phase.ended).toBe(true);
    expect(phase.kong.calls).toEqual([]);
  });

  test.each<[string, readonly string[]]>([
    ['the target itself', ['/kong']],
    ['a path below it', ['/kong/a', '/kong/b/']],
    ['what the ingress controller writes for a prefix', ['/kong/', '/kong$']],
    ['the same for Kong 3', ['/kong/', '~/kong$']],
  ])('makes none where its route covers %s', async (_what, routePaths) => {
    const instance = await plugin.warmOn({ routePaths });
    expect((await plugin.request(instance)).kong.calls).toEqual([]);
  });

  test.each<[string, FakeRequest]>([
    ['more than the target', { routePaths: ['/'] }],
    ['a path beside it', { routePaths: ['/kong', '/foo'] }],
    ['a regular expression', { routePaths: ['/kong/\\d+'] }],
    ['nothing that Kong tells', { routePaths: [] }],
  ])('is looked at where its route covers %s', async (_what, request) => {
    const instance = await plugin.warmOn(request);
    expect((await plugin.request(instance)).kong.calls).toEqual(['request.get_path']);
  });

  test('is looked at where the plugin is not of one route', async () => {
    plugin.ofOneRoute = false;
    const instance = await plugin.warm();
    expect((await plugin.request(instance)).kong.calls).toEqual(['request.get_path']);
  });

  test('is looked at where Kong does not answer which route it came by', async () => {
    const instance = await plugin.warmOn({}, 'router.get_route');
    expect((await plugin.request(instance)).kong.calls).toEqual(['request.get_path']);
  });

  test('is looked at where it may be for another backend of its instance', async () => {
    const instance = await plugin.warm(exampleBackend(), exampleBackend({ key: 'foo', target: '/foo' }));
    const phase = await plugin.request(instance);
    expect(phase).toMatchObject({ ended: true, kong: { calls: ['request.get_path'], exited: undefined } });
  });

  test('counts, without another one after it: 500 at once are 500', async () => {
    const instance = await plugin.warm();
    for (let request = 0; request < 500; request++) void instance.access(new FakeKong());
    await plugin.clock.advance(10_000);
    expect(plugin.rig.publisher.requests).toBe(500);
    // Only the registry's sweep is left.
    expect(plugin.clock.pending).toBe(1);
  });

  test('counts for its own backend and for no other', async () => {
    const [a, b] = ['/a', '/b'].map((target) => exampleBackend({ key: target, target }));
    const instance = await plugin.warm(a!, b!);
    for (let n = 0; n < 200; n++) await plugin.request(instance, { path: '/a/x' });
    await plugin.request(instance, { path: '/b/x' });
    await plugin.clock.advance(10_000);
    const counted = (target: string) =>
      plugin.rig.publisher.published
        .filter(({ message }) => message.backend === target)
        .reduce((sum, { message }) => sum + message.requests, 0);
    expect([counted('/a'), counted('/b')]).toEqual([200, 1]);
  });

  test('that must not wake does not count, and hides none that does', async () => {
    const noWake = [{ path: undefined, method: undefined, userAgent: 'bot', status: 503 }];
    const instance = await plugin.warm(exampleBackend({ noWake }));
    for (let n = 0; n < 100; n++) {
      await plugin.request(instance, { headers: { 'User-Agent': 'bot' } });
      if (n % 10 === 0) await plugin.request(instance, { headers: { 'User-Agent': 'curl' } });
      await plugin.clock.advance(20);
    }
    await plugin.clock.advance(3000);
    expect(plugin.rig.publisher.requests).toBe(10);
  });

  test('of fast traffic only a sample is looked at for no_wake, and stands for the rest', async () => {
    const noWake = [{ path: undefined, method: undefined, userAgent: 'bot', status: 503 }];
    const instance = await plugin.warm(exampleBackend({ noWake }));
    await plugin.clock.advance(1000);
    const before = plugin.kongs.length;
    for (let n = 0; n < 1000; n++) {
      await plugin.request(instance, { headers: { 'User-Agent': n % 4 === 0 ? 'curl' : 'bot' } });
      await plugin.clock.advance(1);
    }
    const looked = plugin.kongs.slice(before).filter(({ calls }) => calls.length > 0).length;
    expect(looked).toBeLessThan(100);
    await plugin.clock.advance(3000);
    expect(plugin.rig.publisher.requests).toBeGreaterThan(200);
    expect(plugin.rig.publisher.requests).toBeLessThan(300);
  });

  test('of fast traffic that must not wake each is looked at, and the first that wakes counts', async () => {
    const noWake = [{ path: undefined, method: undefined, userAgent: 'bot', status: 503 }];
    const instance = await plugin.warm(exampleBackend({ noWake }));
    await plugin.clock.advance(1000);
    for (let n = 0; n < 300; n++) {
      await plugin.request(instance, { headers: { 'User-Agent': n === 250 ? 'curl' : 'bot' } });
      await plugin.clock.advance(1);
    }
    await plugin.clock.advance(3000);
    expect(plugin.rig.publisher.requests).toBe(1);
  });

  test('is not held on a worker that was proven, and waits on one that was not', async () => {
    const instance = await plugin.warm();
    const other = plugin.instance();
    plugin.rig.prober.up = false;
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
    expect(plugin.rig.publisher.of('cold-start')).toHaveLength(1);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(100);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(phase.kong.responseHeaders).toEqual({ 'X-Serverless-Cold-Start': 1010 });
  });

  test('passes on its Host; the first one of an activation also its trace', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const instance = plugin.instance();
    await plugin.request(instance, { headers: { Host: 'shop.example.com', traceparent: trace } });
    const second = await plugin.request(instance, { headers: { Host: 'other.example.com', traceparent: 'other' } });
    await plugin.clock.advance(500);
    expect(second.kong.calls).toEqual([
      'request.get_path',
      `request.get_header ${PROBE_HEADER}`,
      'request.get_header Host',
    ]);
    expect(plugin.rig.publisher.of('cold-start')[0]!.traceparent).toBe(trace);
    const hosts = plugin.rig.prober.rounds.map(({ host }) => host);
    expect(hosts[0]).toBe('shop.example.com');
    expect(hosts).toContain('other.example.com');
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
    expect(plugin.rig.prober.rounds[0]!.host).toBeUndefined();
    expect(plugin.rig.publisher.of('cold-start')[0]!.traceparent).toBeUndefined();
  });

  test.each(['shop.example.com:8443', '10.0.0.1', '[::1]:8000', 'under_score'])(
    'passes on the Host %s',
    async (host) => {
      await plugin.request(plugin.instance(), { headers: { Host: host } });
      await plugin.clock.advance(50);
      expect(plugin.rig.prober.rounds[0]!.host).toBe(host);
    },
  );

  test('is held alike when Kong cannot say which worker it runs on', async () => {
    const phase = await plugin.request(plugin.instance(), { pid: 'unknown' });
    expect(phase.ended).toBe(false);
    plugin.rig.prober.up = true;
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
    expect(plugin.rig.prober.rounds).toEqual([]);
  });

  test('for a backend without a health path goes on at once, and wakes it', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ healthPath: undefined })));
    expect(phase.ended).toBe(true);
    expect(plugin.rig.publisher.requests).toBe(1);
  });
});

describe('our own probe', () => {
  test('passes at once on its worker, and its header does not reach the backend', async () => {
    const instance = plugin.instance();
    const ticket = plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
    const phase = await plugin.request(instance, { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined, clearedHeaders: [PROBE_HEADER] } });
    expect(plugin.ownProbes.done(ticket)).toBe(101);
  });

  test('is met also by an instance whose backends are all open, to learn its worker', async () => {
    const instance = await plugin.warm();
    const ticket = plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
    await plugin.request(instance, { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(plugin.ownProbes.done(ticket)).toBe(101);
  });

  test('makes requests for its own backend be looked at, and for no other', async () => {
    const instance = await plugin.warm();
    const ticket = plugin.ownProbes.issue({ path: '/other/healthz', healthPath: '/other/healthz' });
    expect((await plugin.request(instance)).kong.calls).toEqual([]);
    plugin.ownProbes.done(ticket);
    plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
    expect((await plugin.request(instance)).kong.calls).toEqual(['request.get_path']);
  });

  test('that comes by after its timeout is not held as if it were a request', async () => {
    const ticket = plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
    plugin.ownProbes.giveUp(ticket);
    const phase = await plugin.request(plugin.instance(), { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(phase).toMatchObject({ ended: true, kong: { clearedHeaders: [PROBE_HEADER] } });
    expect(plugin.rig.budget.held).toBe(0);
  });

  test.each(['', 'x', '00000000-0000-4000-8000-000000000000', undefined])(
    'is not taken for one with %j',
    async (forged) => {
      plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH });
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

  // What the prober sends, and what Kong tells of it: 2.8 the same, 3.x in normal form.
  test.each([
    ['/caf%C3%A9/healthz', '/café/healthz'],
    ['/my%20app/healthz', '/my app/healthz'],
    ['//kong//healthz', '/kong/healthz'],
    ['/%7Euser/healthz', '/~user/healthz'],
    ['/a%2fb/healthz', '/a%2Fb/healthz'],
    ['/kong/healthz', '/kong/healthz'],
  ])('sent as %j is recognised as itself and as %j', async (sent, told) => {
    const instance = plugin.instance(exampleBackend({ target: '/', healthPath: sent }));
    for (const path of [sent, told]) {
      const ticket = plugin.ownProbes.issue({ path: normalizePath(sent), healthPath: sent });
      const phase = await plugin.request(instance, { path, headers: { [PROBE_HEADER]: ticket } });
      expect(phase).toMatchObject({ ended: true, kong: { exited: undefined, clearedHeaders: [PROBE_HEADER] } });
      expect(plugin.ownProbes.done(ticket)).toBe(101);
    }
  });

  test('is recognised on a path that nobody expects, before it is held', async () => {
    const ticket = plugin.ownProbes.issue({ path: '/another/form', healthPath: '/another/form' });
    const phase = await plugin.request(plugin.instance(), { path: HEALTH, headers: { [PROBE_HEADER]: ticket } });
    expect(phase).toMatchObject({ ended: true, kong: { clearedHeaders: [PROBE_HEADER] } });
    expect(plugin.rig.budget.held).toBe(0);
  });

  test('of another process, or long forgotten, wakes nothing, and is answered at the first failed probe', async () => {
    const headers = { [PROBE_HEADER]: 'forgotten', 'User-Agent': PROBE_USER_AGENT };
    const phase = await plugin.request(plugin.instance(), { path: HEALTH, headers });
    await plugin.clock.advance(200);
    expect(plugin.rig.publisher.published).toEqual([]);
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_NO_WAKE' });
  });

  test('with only half of its marks is a request, and wakes', async () => {
    const instance = plugin.instance();
    await plugin.request(instance, { headers: { 'User-Agent': PROBE_USER_AGENT } });
    await plugin.request(instance, { headers: { [PROBE_HEADER]: 'x', 'User-Agent': 'curl' } });
    await plugin.clock.advance(1000);
    expect(plugin.rig.publisher.requests).toBe(2);
  });

  test('the predecessor’s ?check=none opens nothing: the query is not even read', async () => {
    const phase = await plugin.request(plugin.instance(), { path: '/kong/' });
    expect(phase.ended).toBe(false);
    expect(phase.kong.calls.filter((call) => call.includes('query'))).toEqual([]);
  });
});
