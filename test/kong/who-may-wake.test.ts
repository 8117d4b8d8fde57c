import { createServer, type Server } from 'node:http';
import { type Answer, send } from '../../real-parts/http';
import { freePort } from '../../real-parts/ports';
import { sleep } from '../../real-parts/wait';
import { KongRig, PUBSUB } from '../support/kong-rig';
import { describeWith, stopAll } from '../support/suite';

const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

/** As in docs/guides/who-may-wake.md. */
const NO_WAKE = [
  { class: 'probe', status: 200, body: 'asleep' },
  { class: 'bot' },
  {
    class: 'preflight',
    status: 204,
    headers: ['Access-Control-Allow-Origin: https://shop.example.com', 'Access-Control-Allow-Methods: GET, PUT'],
  },
];
const QUICK = { lease: 500, probe: { settle: 200 } };

const withPage = (name: string, fields: object): Record<string, unknown> => ({
  ...QUICK,
  ...fields,
  backend: [
    {
      target: `/${name}`,
      health: '/healthz.html',
      pubsub: PUBSUB,
      topic: name,
      waiting_page: { enabled: true, after: 300 },
    },
  ],
});
const code = (answer: Answer): unknown => (JSON.parse(answer.body) as { code?: unknown }).code;

jest.setTimeout(60_000);

describeWith(['kong'], 'who may wake a backend, on a real Kong', () => {
  let rig: KongRig;
  let sorry: Server;
  beforeAll(async () => {
    const sorryPort = await freePort();
    sorry = createServer((request, response) => {
      response.end(`sorry, ${request.headers.host ?? 'nobody'}`);
    });
    await new Promise<void>((resolve) => sorry.listen(sorryPort, '127.0.0.1', resolve));
    const fallback = { address: `127.0.0.1:${sorryPort}` };
    const shop = (name: string) => ({ name, plugin: withPage(name, { no_wake: NO_WAKE }) });
    rig = await KongRig.start({
      workers: 2,
      backends: [
        ...['shop-bot', 'shop-probe', 'shop-preflight', 'shop-browser', 'shop-head', 'shop-api'].map(shop),
        { name: 'budget', plugin: { ...QUICK, max_wakes: 1 } },
        { name: 'broken', plugin: { ...QUICK, max_failed_wakes: 1, hold_timeout: 1000 } },
        { name: 'late', plugin: { ...QUICK, hold_timeout: 1000, fallback } },
        { name: 'soon', plugin: { ...QUICK, fallback: { ...fallback, after: 200 } } },
        {
          name: 'named',
          unrouted: true,
          plugin: { ...QUICK, hold_timeout: 500, fallback: { address: `localhost:${sorryPort}` } },
        },
        { name: 'few', plugin: { ...QUICK, max_held: 2, hold_timeout: 5000, fallback } },
        { name: 'closed', state: 'ready', plugin: withPage('closed', { maintenance: true }) },
        { name: 'paced', plugin: { ...QUICK, release_rate: 20 } },
        { name: 'async', plugin: { ...QUICK, respond_async: true } },
      ],
    });
  }, 120_000);
  afterAll(
    stopAll(() => [
      rig,
      {
        stop: () =>
          new Promise<void>((resolve) => {
            sorry.close(() => {
              resolve();
            });
          }),
      },
    ]),
  );

  const wakes = (name: string): number => rig.dapr.messages('cold-start').filter(({ topic }) => topic === name).length;
  const call = (name: string, method: string, headers: Record<string, string>): Promise<Answer> =>
    send({ port: rig.kong.proxyPort, path: `/${name}/`, method, headers });

  test('a crawler: 503 with Retry-After, and nothing wakes', async () => {
    const answer = await call('shop-bot', 'GET', { 'User-Agent': GOOGLEBOT, Accept: 'text/html' });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '60' } });
    expect(code(answer)).toBe('SERVERLESS_NO_WAKE');
    expect(wakes('shop-bot')).toBe(0);
  });

  test('a health check: its own answer', async () => {
    const answer = await call('shop-probe', 'GET', { 'User-Agent': 'kube-probe/1.30' });
    expect(answer).toMatchObject({ status: 200, body: 'asleep' });
    expect(wakes('shop-probe')).toBe(0);
  });

  test('a preflight: 204 with the headers of its entry', async () => {
    const headers = {
      'User-Agent': CHROME,
      Origin: 'https://shop.example.com',
      'Access-Control-Request-Method': 'PUT',
    };
    const answer = await call('shop-preflight', 'OPTIONS', headers);
    expect(answer).toMatchObject({
      status: 204,
      body: '',
      headers: {
        'access-control-allow-origin': 'https://shop.example.com',
        'access-control-allow-methods': 'GET, PUT',
      },
    });
    expect(wakes('shop-preflight')).toBe(0);
  });

  test('a browser gets the page, and wakes', async () => {
    const headers = { 'User-Agent': CHROME, Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' };
    const answer = await call('shop-browser', 'GET', headers);
    expect(answer).toMatchObject({ status: 503, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(wakes('shop-browser')).toBe(1);
  });

  test.each([
    ['HEAD', 'shop-head'],
    ['GET', 'shop-api'],
  ])('%s of an API client is held, and the backend answers it', async (method, name) => {
    const asked = call(name, method, { 'User-Agent': 'curl/8.5.0' });
    await rig.holds(1, name);
    await rig.backend(name).become('ready');
    expect((await asked).status).toBe(200);
    expect(wakes(name)).toBe(1);
  });

  test('a crawler passes while the backend is up', async () => {
    const answer = await call('shop-api', 'GET', { 'User-Agent': GOOGLEBOT });
    expect(answer.status).toBe(200);
  });

  test('a budget that is used up: 503 at once, with the time of the next; one that is up is used all the same', async () => {
    const first = rig.get('/budget/');
    await rig.holds(1, 'budget');
    await rig.backend('budget').become('ready');
    expect((await first).status).toBe(200);
    await rig.sleep('budget');
    const denied = await rig.get('/budget/');
    expect(denied.status).toBe(503);
    expect(code(denied)).toBe('SERVERLESS_WAKE_BUDGET');
    expect(denied.ms).toBeLessThan(2000);
    expect(Number(denied.headers['retry-after'])).toBeGreaterThan(3000);
    expect(wakes('budget')).toBe(1);
    await rig.backend('budget').become('ready');
    expect((await rig.get('/budget/')).status).toBe(200);
  });

  test('a start that failed: who comes next is answered at once', async () => {
    expect(code(await rig.get('/broken/'))).toBe('SERVERLESS_HOLD_TIMEOUT');
    const next = await rig.get('/broken/');
    expect(code(next)).toBe('SERVERLESS_CIRCUIT_OPEN');
    expect(next.ms).toBeLessThan(700);
    expect(wakes('broken')).toBe(1);
    await rig.backend('broken').become('ready');
    expect((await rig.get('/broken/')).status).toBe(200);
  });

  test('the fallback gets a request at its deadline', async () => {
    const answer = await rig.get('/late/');
    expect(answer).toMatchObject({ status: 200, headers: { 'x-serverless-fallback': 'timeout' } });
    expect(answer.body).toMatch(/^sorry, 127\.0\.0\.1/);
    expect(answer.ms).toBeGreaterThanOrEqual(990);
  });

  test('the fallback by its name, on a service that has a name', async () => {
    const answer = await rig.get('/named/');
    expect(answer).toMatchObject({ status: 200, headers: { 'x-serverless-fallback': 'timeout' } });
    expect(answer.body).toMatch(/^sorry, localhost/);
  });

  test('the fallback while the backend wakes, then the backend', async () => {
    const answer = await rig.get('/soon/');
    expect(answer).toMatchObject({ status: 200, headers: { 'x-serverless-fallback': 'waking' } });
    expect(answer.ms).toBeLessThan(1000);
    expect(wakes('soon')).toBe(1);
    await rig.backend('soon').become('ready');
    await sleep(1000);
    const next = await rig.get('/soon/');
    expect(next.status).toBe(200);
    expect(next.headers['x-serverless-fallback']).toBeUndefined();
  });

  test('the fallback gets those too many', async () => {
    const answers = await rig.burst(5, '/few/');
    const reasons = answers.map(({ headers }) => headers['x-serverless-fallback']).sort();
    expect(reasons).toEqual(['overflow', 'overflow', 'overflow', 'timeout', 'timeout']);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  test('maintenance: 503, the page for a browser, and no request reaches the backend although it is up', async () => {
    const answer = await rig.get('/closed/');
    expect(answer.status).toBe(503);
    expect(code(answer)).toBe('SERVERLESS_MAINTENANCE');
    const page = await call('closed', 'GET', { Accept: 'text/html', 'Accept-Language': 'de' });
    expect(page.status).toBe(503);
    expect(page.body).toContain('Wird gewartet');
    expect(rig.backend('closed').served).toBe(0);
    expect(wakes('closed')).toBe(0);
  });

  test('paced: 40 held requests go on over two seconds, and each is answered', async () => {
    const asked = rig.burst(40, '/paced/');
    await rig.holds(40, 'paced');
    await rig.backend('paced').become('ready');
    const answers = await asked;
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const at = answers.map((answer) => answer.at).sort((a, b) => a - b);
    expect(at[39]! - at[0]!).toBeGreaterThan(1700);
    expect(at[39]! - at[0]!).toBeLessThan(4000);
  });

  test('202 for who asks for it, and the backend once that is up', async () => {
    const prefer = { Prefer: 'respond-async, wait=1' };
    const answer = await rig.get('/async/', prefer);
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: '/async/', 'preference-applied': 'respond-async', 'x-serverless-waiting': 'waiting' },
    });
    expect(answer.ms).toBeGreaterThanOrEqual(990);
    expect(wakes('async')).toBe(1);
    await rig.backend('async').become('ready');
    await sleep(1000);
    expect((await rig.get('/async/', prefer)).status).toBe(200);
    expect(wakes('async')).toBe(1);
  });
});
