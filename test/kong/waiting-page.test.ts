import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, CDPSession, Page, Response } from 'playwright-core';
import { send, type Answer } from '../../real-parts/http';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { sleep, until } from '../../real-parts/wait';
import { launchChromium } from '../support/chromium';
import { KongRig, PUBSUB } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

const AFTER_MS = 500;
const ONE_ROUND_TRIP = 14 * 1024;
/** Where pictures go: `SCREENSHOTS=docs/images`. Unset, none is taken. */
const PICTURES = process.env.SCREENSHOTS ?? '';

/** An image of its own, so that nobody else is asked. */
const SQUARE =
  '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" fill="#0f766e"/></svg>';
const LOGO = `data:image/svg+xml;base64,${Buffer.from(SQUARE).toString('base64')}`;

jest.setTimeout(60_000);

/** Each test has one that sleeps, and that nobody has asked for yet. */
const SHOPS = Array.from({ length: 20 }, (_, n) => `shop-${n}`);

const withPage = (name: string, page: object = {}): Record<string, unknown> => ({
  lease: 500,
  hold_timeout: 15_000,
  probe: { settle: 200 },
  backend: [
    {
      target: `/${name}`,
      health: '/healthz.html',
      pubsub: PUBSUB,
      topic: name,
      waiting_page: { enabled: true, after: AFTER_MS, ...page },
    },
  ],
});

describeWith(['kong', 'chromium'], 'the waiting page, in a real browser on a real Kong', () => {
  let rig: KongRig;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const tools = new WeakMap<Page, CDPSession>();
  const unused = [...SHOPS];
  let shop = '';

  beforeEach(() => {
    shop = unused.shift() ?? '';
  });
  const folder = makeFolder('page');
  beforeAll(async () => {
    // The one that the guide shows.
    const guide = readFileSync(join(projectRoot, 'docs/guides/waiting-page.md'), 'utf8');
    const template = join(folder, 'page.html');
    writeFileSync(template, /```html\n([^]*?)```/.exec(guide)?.[1] ?? '');
    rig = await KongRig.start({
      workers: 2,
      backends: [
        ...SHOPS.map((name) => ({ name, plugin: withPage(name) })),
        { name: 'brand', plugin: withPage('brand', { title: 'The shop is opening', color: '#0f766e', logo: LOGO }) },
        { name: 'own', plugin: withPage('own', { title: 'Our own page', logo: LOGO, template }) },
        ...['never-1', 'never-2', 'never-3'].map((name) => ({
          name,
          plugin: { ...withPage(name), hold_timeout: 3000, message_ttl: 60 },
        })),
        { name: 'plain', state: 'ready', plugin: { lease: 500, probe: { settle: 200 } } },
      ],
    });
    browser = await launchChromium();
  }, 120_000);
  afterAll(stopAll(() => [{ stop: () => browser.close() }, rig, { stop: () => removeFolder(folder) }]));
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });

  const url = (path: string): string => `http://127.0.0.1:${rig.kong.proxyPort}${path}`;
  const tab = async (options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> => {
    const context = await browser.newContext(options);
    contexts.push(context);
    const page = await context.newPage();
    // Before it goes anywhere: in a tab that is about to go on, to open one waits for what comes.
    tools.set(page, await context.newCDPSession(page));
    return page;
  };
  const wakes = (name = shop): number => rig.dapr.messages('cold-start').filter(({ topic }) => topic === name).length;
  const landed = (page: Page): Promise<number> =>
    page
      .waitForResponse((answer: Response) => answer.request().isNavigationRequest() && answer.status() === 200)
      .then(() => performance.now());
  /** What is to be read in a tab, whether or not it is about to go on, which Playwright would wait for. */
  const reads = async (page: Page, expression = 'document.body.innerText'): Promise<string> => {
    const answer = await tools.get(page)?.send('Runtime.evaluate', { expression });
    return String(answer?.result.value);
  };
  const picture = async (page: Page, name: string): Promise<void> => {
    if (PICTURES === '') return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `waiting-page-${name}.png`) });
  };
  const showsSoon = (page: Page, text: string): Promise<unknown> =>
    until(`"${text}" is shown`, async () => (await reads(page).catch(() => '')).includes(text), { timeoutMs: 10_000 });
  /** Opens it while it sleeps; gives the page's own answer. */
  const open = async (page: Page, path = `/${shop}/`): Promise<Response> => {
    // Without JavaScript the page goes on at once: there is no moment at which everything has been loaded.
    const answer = await page.goto(url(path), { waitUntil: 'commit' });
    if (answer === null) throw new Error('no answer');
    return answer;
  };

  test.each([
    ['with JavaScript', true],
    ['without', false],
  ])(
    'a cold navigation sees the page in time, and lands within 300 ms of ready: %s',
    async (_what, javaScriptEnabled) => {
      const page = await tab({ javaScriptEnabled });
      const since = performance.now();
      const answer = await open(page);
      const shownAfter = performance.now() - since;
      expect(answer.status()).toBe(503);
      expect(shownAfter).toBeGreaterThan(AFTER_MS - 20);
      expect(shownAfter).toBeLessThan(AFTER_MS + 1500);
      await showsSoon(page, 'Starting up');
      await sleep(2500);
      const landing = landed(page);
      await rig.backend(shop).become('ready');
      const tookMs = (await landing) - rig.backend(shop).readyAt;
      say(`shown after ${shownAfter.toFixed(0)} ms, landed ${tookMs.toFixed(0)} ms after ready (${_what})`);
      expect(tookMs).toBeLessThan(300);
      expect(wakes()).toBe(1);
    },
  );

  test('it costs one round trip, and no request to anybody else', async () => {
    const page = await tab();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${request.url()} ${request.resourceType()}`));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    const answer = await open(page);
    await sleep(1000);
    const bytes =
      (await answer.body()).length +
      (await answer.headersArray()).reduce((sum, { name, value }) => sum + name.length + value.length + 4, 0);
    say(`the page has ${bytes} bytes with its headers`);
    expect(bytes).toBeLessThan(ONE_ROUND_TRIP);
    // Itself, and its question how it goes. A favicon is the browser's own idea.
    expect(asked.filter((one) => !one.includes('favicon'))).toEqual([
      `GET ${url(`/${shop}/`)} document`,
      `GET ${url(`/${shop}/`)} fetch`,
    ]);
    // Of a 503 a browser tells by itself.
    expect(complaints.filter((text) => !text.includes('503'))).toEqual([]);
  });

  test('the address with its query is what it goes on to; back, forward and reload lead to what was there', async () => {
    const page = await tab();
    await page.goto(url('/plain/first'));
    await open(page, `/${shop}/a?b=1#c`);
    const landing = landed(page);
    await rig.backend(shop).become('ready');
    await landing;
    await page.getByText(`${shop} /`).waitFor();
    expect(page.url()).toBe(url(`/${shop}/a?b=1#c`));
    await page.goBack();
    expect(page.url()).toBe(url('/plain/first'));
    await page.goForward();
    expect(page.url()).toBe(url(`/${shop}/a?b=1#c`));
    expect(await reads(page)).not.toContain('Starting up');
  });

  test('back, from the page, leads to where the reader came from; so does it without JavaScript', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await tab({ javaScriptEnabled });
      await page.goto(url('/plain/first'));
      await open(page);
      await sleep(1500);
      // The request that is under way then is aborted, which Playwright takes for an error.
      await page.goBack({ waitUntil: 'commit' }).catch(() => undefined);
      await showsSoon(page, 'plain /plain/first');
      expect(await reads(page, 'history.length')).not.toBe('1');
    }
  });

  test('a reader who reloads sees it again; nothing is woken twice', async () => {
    const page = await tab();
    await open(page);
    await page.reload();
    await showsSoon(page, 'Starting up');
    const landing = landed(page);
    await rig.backend(shop).become('ready');
    await landing;
    expect(wakes()).toBe(1);
  });

  test('two tabs see it, and both go on', async () => {
    const [one, two] = [await tab(), await tab({ javaScriptEnabled: false })];
    await Promise.all([open(one), open(two)]);
    // Without JavaScript the page stands for a second before it asks for its successor.
    await sleep(2000);
    expect(await rig.serverless.held(`/${shop}`)).toBeLessThanOrEqual(2);
    const landings = Promise.all([landed(one), landed(two)]);
    await rig.backend(shop).become('ready');
    const late = (await landings).map((at) => at - rig.backend(shop).readyAt);
    // Each may come by another nginx worker, and through a browser that draws both at once.
    expect(Math.max(...late)).toBeLessThan(1000);
    expect(wakes()).toBe(1);
  });

  test('a form is held until the backend is ready, is sent once, and is never shown the page', async () => {
    const page = await tab();
    await page.goto(url('/plain/form'));
    const answers: [string, number][] = [];
    page.on('response', (answer) => {
      if (answer.request().isNavigationRequest()) answers.push([answer.request().method(), answer.status()]);
    });
    const served = rig.backend(shop).served;
    const form = `<form method="post" action="${url(`/${shop}/order`)}"></form>`;
    await page.evaluate(`document.body.innerHTML = ${JSON.stringify(form)}; document.forms[0].submit()`);
    await rig.holds(1, shop);
    await sleep(AFTER_MS * 4);
    expect(answers).toEqual([]);
    await rig.backend(shop).become('ready');
    await until('the form is answered', () => Promise.resolve(answers.length > 0));
    await sleep(500);
    expect(answers).toEqual([['POST', 200]]);
    expect(rig.backend(shop).served - served).toBe(1);
  });

  test.each([
    ['never-1', true],
    ['never-2', false],
  ])(
    'what went wrong is said, and only its reader tries again: %s, JavaScript: %s',
    async (never, javaScriptEnabled) => {
      const page = await tab({ javaScriptEnabled });
      await open(page, `/${never}/`);
      await showsSoon(page, 'It did not start');
      expect(await reads(page)).toContain('in time');
      expect(wakes(never)).toBe(1);
      await sleep(1000);
      expect(wakes(never)).toBe(1);
      const again = page.getByRole('link', { name: 'Try again' });
      await again.focus();
      await page.keyboard.press('Enter');
      await showsSoon(page, 'Starting up');
    },
    60_000,
  );

  test('browser, API client and form on one sleeping route each get what is theirs', async () => {
    const ask = (headers: Record<string, string>, method = 'GET'): Promise<Answer> =>
      send({ port: rig.kong.proxyPort, path: `/${shop}/`, headers, method });
    const api = ask({ Accept: 'application/json' });
    const form = ask({ 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' }, 'POST');
    const script = ask({ 'X-Requested-With': 'XMLHttpRequest', Accept: 'text/html' });
    const german = await ask({ Accept: 'text/html', 'Accept-Language': 'de-AT, en;q=0.5' });
    expect(german).toMatchObject({ status: 503, headers: { 'content-language': 'de', 'cache-control': 'no-store' } });
    expect(german.headers).toMatchObject({ vary: 'Accept, Sec-Fetch-Mode, Accept-Language' });
    expect(german.body).toContain('Wird gestartet');
    await rig.backend(shop).become('ready');
    expect((await Promise.all([api, form, script])).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  const looks: [string, Parameters<Browser['newContext']>[0], string][] = [
    ['light', { colorScheme: 'light', viewport: { width: 720, height: 420 } }, ''],
    ['dark', { colorScheme: 'dark', viewport: { width: 720, height: 420 } }, '/brand/'],
    ['320', { colorScheme: 'light', viewport: { width: 320, height: 480 }, locale: 'de' }, ''],
    ['arabic', { colorScheme: 'dark', viewport: { width: 720, height: 420 }, locale: 'ar' }, ''],
    ['still', { reducedMotion: 'reduce', forcedColors: 'active', locale: 'ja' }, ''],
    ['template', { colorScheme: 'light', viewport: { width: 720, height: 420 } }, '/own/'],
    ['failed', { colorScheme: 'light', viewport: { width: 720, height: 420 }, locale: 'fr' }, '/never-3/'],
  ];
  test.each(looks)('it can be read, heard and operated: %s', async (name, options, path) => {
    const page = await tab(options);
    await open(page, path === '' ? undefined : path);
    await page.waitForSelector('#serverless-message');
    if (name === 'failed') await page.locator('#serverless-retry').waitFor({ timeout: 10_000 });
    await page.evaluate(axe.source);
    const found = await page.evaluate<string[]>(`axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
    expect(found).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    const animation = `getComputedStyle(document.querySelector('#serverless-progress i') ?? document.body).animationName`;
    if (name === 'template' || name === 'dark') {
      const logo = `document.querySelector('#serverless-logo').naturalWidth`;
      await until('the logo is drawn', async () => (await page.evaluate(logo)) === 120);
    }
    if (name === 'template') {
      expect(await page.title()).toBe('Our own page');
      // Its own style, by its hash in the policy.
      const border = `getComputedStyle(document.querySelector('main')).borderInlineStartWidth`;
      expect(await page.evaluate(border)).toBe('4px');
      await picture(page, name);
      const goesOn = landed(page);
      await rig.backend('own').become('ready');
      expect((await goesOn) - rig.backend('own').readyAt).toBeLessThan(1000);
      return;
    }
    if (name === 'still') expect(await page.evaluate(animation)).toBe('none');
    await picture(page, name);
  });
});
