import type { Backend } from '../../../src/core/backend';
import type { FakeRequest } from '../../support/fake-kong';
import { exampleBackend } from '../core/example-backend';
import { type Phase, PluginRig } from './plugin-rig';

const PAGE = {
  afterMs: 1500,
  title: undefined,
  text: undefined,
  logo: undefined,
  color: '#2563eb',
  template: undefined,
};
const POLICY = { ...exampleBackend().policy, holdTimeoutMs: 20_000 };
const backend = (given: Partial<Backend> = {}): Backend =>
  exampleBackend({ waitingPage: PAGE, policy: POLICY, ...given });
const BROWSER = { 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html', Host: 'shop.example.com' };
const REFRESH = { ...BROWSER, Referer: 'https://shop.example.com/kong/' };

let plugin: PluginRig;

beforeEach(() => {
  plugin = new PluginRig();
});
afterEach(() => {
  expect(plugin.outOfTurn).toEqual([]);
});

const instance = (given: Partial<Backend> = {}): ReturnType<PluginRig['instance']> => plugin.instance(backend(given));
const open = (headers: Record<string, string> = BROWSER, given: Partial<FakeRequest> = {}): Promise<Phase> =>
  plugin.request(instance(), { headers, ...given });
const tokenOf = ({ kong }: Phase): string => /data-token="([^"]+)"/.exec(kong.exited?.body ?? '')?.[1] ?? 'none';
const ask = (token: string): Promise<Phase> => open({ 'X-Serverless-Waiting': token, 'Sec-Fetch-Mode': 'cors' });
const stateOf = ({ kong }: Phase): string | undefined => kong.exited?.headers['X-Serverless-Waiting'];
const wakes = (): number => plugin.rig.publisher.of('cold-start').length;
/** All requests that messages have told of so far. */
const counted = (): number => plugin.rig.publisher.requests;

async function shown(): Promise<Phase> {
  const phase = await open();
  await plugin.clock.advance(1500);
  expect(phase.kong.exited?.body).toContain('Starting up');
  return phase;
}

describe('a navigation', () => {
  test('is held for as long as configured, and gets the page then, as a 503', async () => {
    const phase = await open();
    await plugin.clock.advance(1499);
    expect(phase).toMatchObject({ ended: false, kong: { exited: undefined } });
    await plugin.clock.advance(1);
    expect(phase).toMatchObject({ ended: true, kong: { exited: { status: 503 } } });
    expect(phase.kong.exited?.headers).toMatchObject({ 'Content-Language': 'en', 'Cache-Control': 'no-store' });
    expect(wakes()).toBe(1);
  });

  test('that a fast backend answers in time never sees it', async () => {
    const phase = await open();
    await plugin.clock.advance(900);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(200);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    await plugin.clock.advance(2000);
    expect(phase.kong.exited).toBeUndefined();
  });

  test.each<[string, FakeRequest]>([
    ['a form that is posted', { method: 'POST', headers: BROWSER }],
    ['an API client', { headers: { Accept: '*/*' } }],
    ['a script of a page', { headers: { 'Sec-Fetch-Mode': 'cors', Accept: 'text/html' } }],
  ])('%s is none: held, and released, as ever', async (_what, request) => {
    const phase = await plugin.request(instance(), request);
    await plugin.clock.advance(8000);
    expect(phase.ended).toBe(false);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(200);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('of a backend without a page costs no call, and is held as ever', async () => {
    const phase = await plugin.request(plugin.instance(), { headers: BROWSER });
    await plugin.clock.advance(5000);
    expect(phase.ended).toBe(false);
    expect(phase.kong.calls).not.toContain('request.get_headers');
    expect(phase.kong.calls).not.toContain('request.get_method');
  });

  test('that is warm costs no call', async () => {
    const warm = await plugin.warm(backend());
    expect((await plugin.request(warm, { headers: BROWSER })).kong.calls).toEqual([]);
  });

  test('that must not wake gets what is configured, no page', async () => {
    const noWake = [{ path: '/kong', method: undefined, userAgent: undefined, status: 404 }];
    const phase = await plugin.request(instance({ noWake }), { headers: BROWSER });
    await plugin.clock.advance(3000);
    expect(phase.kong.exited).toMatchObject({ status: 404 });
    expect(phase.kong.exited?.headers['Content-Type']).toContain('problem+json');
  });

  test('shows the template that is configured, and the built-in page where there is none', async () => {
    const page = { ...PAGE, template: '/page.html' };
    for (const [template, expected] of [
      ['own {{title}} {{script}}', /^own Starting up <script/],
      [undefined, /^<!doctype html>/],
    ] as const) {
      if (template === undefined) plugin.templates.clear();
      else plugin.templates.set('/page.html', template);
      const phase = await plugin.request(instance({ waitingPage: page }), { headers: BROWSER });
      await plugin.clock.advance(1500);
      expect(phase.kong.exited?.body).toMatch(expected);
    }
  });
});

describe('after the page', () => {
  test('the wake-up goes on with nobody waiting: the backend is probed until it is up', async () => {
    await shown();
    const before = plugin.rig.prober.rounds.length;
    await plugin.clock.advance(5000);
    expect(plugin.rig.prober.rounds.length).toBeGreaterThan(before + 3);
    expect(plugin.registry.get(backend()).status()).toMatchObject({ state: 'waking', held: 1 });
    plugin.rig.prober.up = true;
    await plugin.clock.advance(1200);
    expect(plugin.registry.get(backend()).status()).toMatchObject({ state: 'ready', held: 0 });
  });

  test('a page that asks is held, and told the moment that the backend is ready', async () => {
    const asked = await ask(tokenOf(await shown()));
    await plugin.clock.advance(3000);
    expect(asked.ended).toBe(false);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(1100);
    expect(stateOf(asked)).toBe('ready');
    const again = await open();
    expect(again).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('pages that ask wake nothing, count for nothing, and take no place', async () => {
    const token = tokenOf(await shown());
    await plugin.clock.advance(1000);
    const before = [wakes(), counted()];
    for (let n = 0; n < 20; n++) await ask(token);
    await plugin.clock.advance(1000);
    expect([wakes(), counted()]).toEqual(before);
    expect(plugin.registry.get(backend()).status().held).toBe(1);
  });

  test('a page that asks on and on is told how it goes, within ten seconds', async () => {
    const token = tokenOf(await shown());
    const asked = await ask(token);
    await plugin.clock.advance(7000);
    expect(asked.ended).toBe(false);
    await plugin.clock.advance(3000);
    expect(stateOf(asked)).toBe('waiting');
    expect(plugin.kongs.at(-1)?.problem).toMatchObject({ message: expect.stringContaining('not known'), pause: 0 });
  });

  test('what nobody can guess is needed to ask', async () => {
    await shown();
    const before = wakes();
    expect(stateOf(await ask('x'))).toBe('unknown');
    expect(stateOf(await ask('x'.repeat(22)))).toBe('unknown');
    expect(wakes()).toBe(before);
  });

  test('at the deadline the page is told what happened, and nothing goes on', async () => {
    const token = tokenOf(await shown());
    await plugin.clock.advance(15_000);
    const asked = await ask(token);
    await plugin.clock.advance(4000);
    expect(stateOf(asked)).toBe('failed');
    expect(asked.kong.problem).toMatchObject({
      title: 'It did not start',
      message: expect.stringContaining('in time'),
    });
    expect(plugin.registry.get(backend()).status().held).toBe(0);
  });

  test('a client that leaves while it asks is forgotten', async () => {
    const token = tokenOf(await shown());
    const abort = new AbortController();
    const asked = await plugin.request(
      instance(),
      { headers: { 'X-Serverless-Waiting': token } },
      { signal: abort.signal },
    );
    abort.abort();
    await plugin.clock.advance(1);
    expect(asked).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('one that asks when its backend has been up is told to come again', async () => {
    const token = tokenOf(await shown());
    plugin.rig.prober.up = true;
    await plugin.clock.advance(1000);
    plugin.rig.prober.up = false;
    await plugin.clock.advance(60_000);
    expect(stateOf(await ask(token))).toBe('ready');
  });

  test('a header that came twice counts as its first, and none at all as no browser', async () => {
    const twice = { 'Sec-Fetch-Mode': ['navigate', 'cors'], Accept: ['text/html'] } as unknown as Record<
      string,
      string
    >;
    const phase = await open(twice);
    const other = await open({ 'Sec-Fetch-Mode': [1] } as unknown as Record<string, string>);
    await plugin.clock.advance(1500);
    expect([phase.ended, other.ended]).toEqual([true, false]);
  });

  test('where too many ask at once, one is told how it goes, and to come later', async () => {
    const few = { policy: { ...POLICY, maxHeld: 1 } };
    const page = await plugin.request(instance(few), { headers: BROWSER });
    await plugin.clock.advance(1500);
    const headers = { 'X-Serverless-Waiting': tokenOf(page) };
    const first = await plugin.request(instance(few), { headers });
    const second = await plugin.request(instance(few), { headers });
    expect(first.ended).toBe(false);
    expect(stateOf(second)).toBe('waiting');
    expect(second.kong.problem).toMatchObject({ pause: 2000 });
  });

  test('a client that leaves before it gets the page frees its place', async () => {
    const abort = new AbortController();
    const phase = await plugin.request(instance(), { headers: BROWSER }, { signal: abort.signal });
    expect(plugin.registry.get(backend()).status().held).toBe(1);
    abort.abort();
    await plugin.clock.advance(1);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(plugin.registry.get(backend()).status().held).toBe(0);
  });

  test('many pages keep one hold between them', async () => {
    const first = await open();
    const second = await open();
    await plugin.clock.advance(1500);
    expect([first.ended, second.ended]).toEqual([true, true]);
    expect(plugin.registry.get(backend()).status().held).toBe(1);
    // Nobody has left: the second has its answer, and the first one's hold stands for it.
    expect(plugin.rig.witness.settlements).toEqual(['answered']);
  });
});

describe('a page without JavaScript', () => {
  test('asks for its successor, which is held for as long as it is shown, and goes on when the backend is ready', async () => {
    await shown();
    const next = await open(REFRESH);
    await plugin.clock.advance(5000);
    expect(next.ended).toBe(false);
    plugin.rig.prober.up = true;
    await plugin.clock.advance(1100);
    expect(next).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('learns what happened, and wakes nothing again by itself', async () => {
    await shown();
    await plugin.clock.advance(15_000);
    const next = await open(REFRESH);
    await plugin.clock.advance(4000);
    expect(next.kong.exited?.body).toContain('It did not start');
    const before = wakes();
    const late = await open(REFRESH);
    expect(late.kong.exited?.body).toContain('It did not start');
    await plugin.clock.advance(1000);
    expect(wakes()).toBe(before);
    // Whoever tries again, does.
    const again = await open(BROWSER);
    await plugin.clock.advance(1500);
    expect(again.kong.exited?.body).toContain('Starting up');
  });
});

describe('what goes wrong', () => {
  test('too many are held: said on a page, and as a problem to an API client', async () => {
    const full = { policy: { ...backend().policy, maxHeld: 1 } };
    await plugin.request(instance(full), { headers: { Accept: '*/*' } });
    const person = await plugin.request(instance(full), { headers: BROWSER });
    const program = await plugin.request(instance(full), { headers: { Accept: '*/*' } });
    expect(person.kong.exited).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } });
    expect(person.kong.exited?.body).toContain('Too many people');
    expect(program.kong.problem).toMatchObject({ code: 'SERVERLESS_HOLD_OVERFLOW' });
    expect(plugin.rejected).toEqual(['SERVERLESS_HOLD_OVERFLOW', 'SERVERLESS_HOLD_OVERFLOW']);
  });

  test('what is a mistake of the operator is told to nobody on a page', async () => {
    const token = tokenOf(await shown());
    plugin.rig.publisher.report = { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND' };
    const asked = await ask(token);
    await plugin.clock.advance(20_000);
    expect(stateOf(asked)).toBe('waiting');
    expect(stateOf(await ask(token))).toBe('failed');
  });

  test('a gateway that leaves keeps no hold for a page, and says so', async () => {
    const token = tokenOf(await shown());
    plugin.draining = true;
    plugin.pages.close();
    expect(plugin.registry.get(backend()).status().held).toBe(0);
    expect(stateOf(await ask(token))).toBe('unknown');
    expect((await open()).kong.exited?.body).toContain('restarting');
  });
});
