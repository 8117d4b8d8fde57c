import type { Fallback, NoWakeMatcher } from '../../../src/core/backend';
import { exampleBackend } from '../core/example-backend';
import { type Phase, PluginRig } from './plugin-rig';

const BROWSER = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };
const PAGE = { afterMs: 1500, title: undefined, text: undefined, logo: undefined, color: '#000', template: undefined };
const FALLBACK: Fallback = {
  host: 'sorry.default.svc',
  port: 8080,
  afterMs: undefined,
  on: ['timeout', 'overflow', 'unwoken', 'maintenance'],
};

let plugin: PluginRig;

beforeEach(() => {
  plugin = new PluginRig();
});

afterEach(() => {
  expect(plugin.outOfTurn).toEqual([]);
});

const wakeUps = (): number => plugin.rig.publisher.of('cold-start').length;
const problemCode = ({ kong }: Phase): unknown => kong.problem['code'];

describe('an entry of no_wake', () => {
  const preflight: NoWakeMatcher = {
    path: undefined,
    method: undefined,
    userAgent: undefined,
    class: 'preflight',
    status: 204,
    answer: { body: undefined, headers: { 'Access-Control-Allow-Origin': '*' } },
  };
  const asked = { Origin: 'https://shop.example.com', 'Access-Control-Request-Method': 'PUT' };

  test('has its own answer while the backend sleeps, and wakes nothing', async () => {
    const instance = plugin.instance(exampleBackend({ noWake: [preflight] }));
    const phase = await plugin.request(instance, { method: 'OPTIONS', headers: asked });
    await plugin.clock.advance(100);
    expect(phase.kong.exited).toEqual({
      status: 204,
      body: '',
      headers: { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store' },
    });
    expect(wakeUps()).toBe(0);
  });

  test('of a class that the request is not of does not match', async () => {
    const instance = plugin.instance(exampleBackend({ noWake: [preflight] }));
    await plugin.request(instance, { method: 'OPTIONS' });
    await plugin.request(instance, { method: 'GET', headers: asked });
    await plugin.clock.advance(100);
    expect(wakeUps()).toBe(1);
  });

  test('with a body is sent as text, unless it says otherwise', async () => {
    const answer = (headers: Record<string, string>) => ({ body: '{}', headers });
    const bot = { ...preflight, class: 'bot' as const, status: 403 };
    const plain = plugin.instance(exampleBackend({ noWake: [{ ...bot, answer: answer({}) }] }));
    const json = plugin.instance(
      exampleBackend({ key: 'j', noWake: [{ ...bot, answer: answer({ 'content-type': 'application/json' }) }] }),
    );
    const phases: Phase[] = [];
    for (const instance of [plain, json])
      phases.push(await plugin.request(instance, { headers: { 'User-Agent': 'Googlebot/2.1' } }));
    await plugin.clock.advance(100);
    expect(phases.map(({ kong }) => kong.exited)).toEqual([
      {
        status: 403,
        body: '{}',
        headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
      },
      { status: 403, body: '{}', headers: { 'content-type': 'application/json', 'Cache-Control': 'no-store' } },
    ]);
  });

  test('with a status alone is a problem document with that status', async () => {
    const noWake = [{ ...preflight, class: 'bot' as const, status: 410, answer: undefined }];
    const instance = plugin.instance(exampleBackend({ noWake }));
    const phase = await plugin.request(instance, { headers: { 'User-Agent': 'Googlebot/2.1' } });
    await plugin.clock.advance(100);
    expect(phase.kong.exited).toMatchObject({ status: 410, headers: { 'Content-Type': 'application/problem+json' } });
    expect(phase.kong.problem).toMatchObject({ code: 'SERVERLESS_NO_WAKE', status: 410 });
  });
});

describe('maintenance', () => {
  test('answers at once, also while the backend is up; nothing wakes, and nothing is logged', async () => {
    const up = await plugin.warm();
    expect((await plugin.request(up)).kong.exited).toBeUndefined();
    const phase = await plugin.request(plugin.instance(exampleBackend({ maintenance: true })));
    expect(phase.kong.exited).toMatchObject({ status: 503, headers: { 'Retry-After': '300' } });
    expect(problemCode(phase)).toBe('SERVERLESS_MAINTENANCE');
    await plugin.clock.advance(1000);
    expect(wakeUps()).toBe(0);
    expect(phase.kong.logged).toEqual([]);
  });

  test('a person reads it on the page', async () => {
    const instance = plugin.instance(exampleBackend({ maintenance: true, waitingPage: PAGE }));
    const { kong } = await plugin.request(instance, { headers: BROWSER });
    expect(kong.exited?.status).toBe(503);
    expect(kong.exited?.body).toContain('Under maintenance');
  });
});

describe('the fallback', () => {
  const withFallback = (changes: Partial<Fallback> = {}, more: Parameters<typeof exampleBackend>[0] = {}) =>
    plugin.instance(exampleBackend({ fallback: { ...FALLBACK, ...changes }, ...more }));
  const expectFallback = ({ kong, ended }: Phase, reason: string): void => {
    expect(ended).toBe(true);
    expect(kong.exited).toBeUndefined();
    expect(kong.sentTo).toMatchObject({ address: 'sorry.default.svc', port: 8080 });
    expect(kong.responseHeaders['X-Serverless-Fallback']).toBe(reason);
  };

  test('gets a request at its deadline', async () => {
    const phase = await plugin.request(withFallback());
    await plugin.clock.advance(29_900);
    expect(phase.ended).toBe(false);
    await plugin.clock.advance(100);
    expectFallback(phase, 'timeout');
    expect(plugin.rejected).toEqual([]);
  });

  test('gets one at its deadline also with on_timeout pass', async () => {
    const phase = await plugin.request(withFallback({}, { onTimeout: 'pass' }));
    await plugin.clock.advance(30_000);
    expectFallback(phase, 'timeout');
  });

  test('gets those too many, those whose wake-up is refused, and those of a backend in maintenance', async () => {
    expectFallback(await plugin.request(withFallback({}, { policy: { maxHeld: 0 } })), 'overflow');
    expectFallback(await plugin.request(withFallback({}, { key: 'm', maintenance: true })), 'maintenance');
    plugin.rig.publisher.report = { outcome: 'refused', status: 404 };
    const refused = await plugin.request(withFallback({}, { key: 'r' }));
    await plugin.clock.advance(10);
    expectFallback(refused, 'unwoken');
  });

  test('does not get what it is not for', async () => {
    const phase = await plugin.request(withFallback({ on: ['timeout'] }, { policy: { maxHeld: 0 } }));
    expect(problemCode(phase)).toBe('SERVERLESS_HOLD_OVERFLOW');
  });

  test('gets one that was held for long enough, and the backend wakes on for the next', async () => {
    const instance = withFallback({ afterMs: 200 });
    const phase = await plugin.request(instance);
    await plugin.clock.advance(200);
    expectFallback(phase, 'waking');
    expect(wakeUps()).toBe(1);
    // One hold goes on for all that went there.
    const another = await plugin.request(instance);
    await plugin.clock.advance(200);
    expectFallback(another, 'waking');
    expect(plugin.rig.budget.held).toBe(1);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(2000);
    const next = await plugin.request(instance);
    await plugin.clock.advance(50);
    expect(next).toMatchObject({ ended: true, kong: { exited: undefined, sentTo: undefined } });
  });
});

describe('bounds of waking', () => {
  test('a budget: 503 with the seconds until the next; one that is up is used all the same', async () => {
    const instance = plugin.instance(exampleBackend({ policy: { maxWakesPerHour: 1, holdTimeoutMs: 1000 } }));
    const first = await plugin.request(instance);
    await plugin.clock.advance(200);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(500);
    expect(first).toMatchObject({ ended: true, kong: { exited: undefined } });

    plugin.rig.prober.up = false;
    await plugin.clock.advance(40_000);
    const denied = await plugin.request(instance);
    await plugin.clock.advance(300);
    expect(problemCode(denied)).toBe('SERVERLESS_WAKE_BUDGET');
    expect(Number(denied.kong.exited?.headers['Retry-After'])).toBeGreaterThan(3500);
    expect(wakeUps()).toBe(1);
    expect(plugin.rejected).toEqual(['SERVERLESS_WAKE_BUDGET']);

    plugin.rig.prober.up = true;
    const passes = await plugin.request(instance);
    await plugin.clock.advance(300);
    expect(passes).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('failures: those who come next are answered at once, and after the pause one trial is made', async () => {
    const instance = plugin.instance(exampleBackend({ policy: { maxFailedWakes: 2, holdTimeoutMs: 1000 } }));
    for (let failure = 0; failure < 2; failure++) {
      const phase = await plugin.request(instance);
      await plugin.clock.advance(1000);
      expect(problemCode(phase)).toBe('SERVERLESS_HOLD_TIMEOUT');
      await plugin.clock.advance(15_000);
    }
    const sent = wakeUps();
    const denied = await plugin.request(instance);
    await plugin.clock.advance(100);
    expect(problemCode(denied)).toBe('SERVERLESS_CIRCUIT_OPEN');
    expect(wakeUps()).toBe(sent);
    await plugin.clock.advance(30_000);
    await plugin.request(instance);
    await plugin.clock.advance(100);
    expect(wakeUps()).toBe(sent + 1);
  });
});

describe('release_rate', () => {
  test('those who were held go on one after the other, the last at its deadline', async () => {
    const instance = plugin.instance(exampleBackend({ releaseRate: 10, policy: { holdTimeoutMs: 3000 } }));
    const phases: Phase[] = [];
    for (let request = 0; request < 40; request++) phases.push(await plugin.request(instance));
    plugin.rig.prober.up = true;
    const gone = (): number => phases.filter(({ ended }) => ended).length;
    await plugin.clock.advance(150);
    const first = gone();
    expect(first).toBeLessThan(5);
    await plugin.clock.advance(1000);
    expect(gone() - first).toBeGreaterThanOrEqual(9);
    expect(gone() - first).toBeLessThanOrEqual(11);
    await plugin.clock.advance(1850);
    expect(gone()).toBe(40);
    expect(phases.every(({ kong }) => kong.exited === undefined)).toBe(true);
  });

  test('one whose backend went to sleep meanwhile is held on, and answered at its deadline', async () => {
    const backend = exampleBackend({ releaseRate: 1, policy: { holdTimeoutMs: 9000, leaseMs: 2000 } });
    const instance = plugin.instance(backend);
    const phases: Phase[] = [];
    for (let request = 0; request < 6; request++) phases.push(await plugin.request(instance));
    plugin.rig.prober.up = true;
    await plugin.clock.advance(500);
    plugin.rig.prober.up = false;
    await plugin.clock.advance(8500);
    const answered = phases.map(({ kong, ended }) => (ended ? (kong.exited?.status ?? 'passed') : 'held'));
    expect(answered).not.toContain('held');
    expect(answered).toContain(503);
    expect(answered[0]).toBe('passed');
  });

  test('a client that leaves before its turn is not counted as held any more', async () => {
    const instance = plugin.instance(exampleBackend({ releaseRate: 1 }));
    const { signal, abort } = leaver();
    await plugin.request(instance);
    await plugin.request(instance, {}, { signal });
    plugin.rig.prober.up = true;
    await plugin.clock.advance(300);
    expect(plugin.rig.budget.held).toBe(1);
    abort();
    await plugin.clock.advance(1);
    expect(plugin.rig.budget.held).toBe(0);
  });
});

describe('Prefer: respond-async', () => {
  const backend = exampleBackend({ respondAsync: true });
  const asks = (prefer: string, method = 'GET') => ({ method, path: '/kong/x', headers: { Prefer: prefer } });

  test('is answered 202 after its wait, with where and when to ask again; the backend wakes on', async () => {
    const instance = plugin.instance(backend);
    const phase = await plugin.request(instance, asks('respond-async, wait=2'));
    await plugin.clock.advance(1900);
    expect(phase.ended).toBe(false);
    await plugin.clock.advance(100);
    expect(phase.kong.exited).toMatchObject({
      status: 202,
      headers: { Location: '/kong/x', 'Preference-Applied': 'respond-async', 'Retry-After': '1' },
    });
    plugin.rig.prober.up = true;
    await plugin.clock.advance(2000);
    const next = await plugin.request(instance, asks('respond-async'));
    await plugin.clock.advance(50);
    expect(next).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('is told its own address, query and encoding too', async () => {
    const request = { ...asks('respond-async'), path: '/kong/caf%C3%A9%20x', query: '?page=2&q=%2F' };
    const phase = await plugin.request(plugin.instance(backend), request);
    await plugin.clock.advance(500);
    expect(phase.kong.exited?.headers['Location']).toBe('/kong/caf%C3%A9%20x?page=2&q=%2F');
  });

  test.each([
    ['a POST, which must reach its backend', asks('respond-async', 'POST')],
    ['one that does not ask for it', asks('return=minimal')],
    ['one without the header', { path: '/kong/x' }],
  ])('%s is held as ever', async (_who, request) => {
    const phase = await plugin.request(plugin.instance(backend), request);
    await plugin.clock.advance(5000);
    expect(phase.ended).toBe(false);
  });

  test('without the setting it is held as ever', async () => {
    const phase = await plugin.request(plugin.instance(), asks('respond-async'));
    await plugin.clock.advance(5000);
    expect(phase.ended).toBe(false);
    expect(phase.kong.calls).not.toContain('request.get_header Prefer');
  });
});

function leaver(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort();
    },
  };
}
