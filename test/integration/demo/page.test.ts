import type { Browser, Locator, Page } from 'playwright-core';
import { describeWith, stopAll } from '../../support/suite';
import { until } from '../../../real-parts/wait';
import { launchChromium } from '../../support/chromium';
import { DemoRig } from './demo-rig';

describeWith(['chromium'], 'the page in a browser', () => {
  let demo: DemoRig;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    demo = await DemoRig.start(['--fast']);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(demo.url);
  }, 90_000);

  afterAll(
    stopAll(() => [browser, demo]),
    30_000,
  );

  const card = (name: string): Locator => page.locator(`[data-backend="${name}"]`);
  const button = (name: string, text: string): Locator => card(name).getByRole('button', { name: `${text}: ${name}` });
  const held = (name: string): Locator => card(name).locator('[data-field="held"]');
  const slots = (name: string, phase: string): Locator => card(name).locator(`.slot.${phase}`);
  const pill = (name: string): Locator => card(name).locator('.pill');
  const lastRun = (): Locator => page.locator('#runs li').first();

  const shows = (what: string, locator: Locator, text: string | RegExp, timeoutMs = 20_000): Promise<unknown> =>
    until(
      what,
      async () => {
        const shown = (await locator.textContent()) ?? '';
        return typeof text === 'string' ? shown.includes(text) : text.test(shown);
      },
      { timeoutMs },
    );
  const counts = (what: string, locator: Locator, wanted: number, timeoutMs = 20_000): Promise<unknown> =>
    until(what, async () => (await locator.count()) === wanted, { timeoutMs });

  test('shows every service asleep', async () => {
    for (const name of ['consumer', 'foo', 'bar', 'worker']) await shows(`${name} is asleep`, pill(name), 'asleep');

    expect(await slots('consumer', 'ready').count()).toBe(0);
    expect(await page.title()).toContain('Scale to zero');
  });

  test('send: the request is held, the service wakes, the answer comes, and after the cooldown it sleeps again', async () => {
    await button('consumer', 'Send 1').click();
    await shows('a request is held', held('consumer'), /^1$/);
    await shows('it is waking', pill('consumer'), 'waking');
    await counts('a replica starts', slots('consumer', 'starting'), 1);
    await counts('a replica is ready', slots('consumer', 'ready'), 1);
    await shows('the answer', lastRun(), /200/);
    await shows('nothing is held', held('consumer'), /^0$/);
    // Whether the replica is Ready before its requests are released is a matter of luck: the plugin server does not wait for it.
    const phases = /consumer.*KEDA saw the queue after.*released after/;
    await shows('a cold start with its phases', page.locator('#cold-starts'), phases);
    await shows('it is asleep', pill('consumer'), 'asleep', 40_000);
    await counts('no replica', slots('consumer', 'ready'), 0);

    expect(await lastRun().textContent()).toContain('This page comes from a backend');
  }, 90_000);

  test('100 at once: one cold-start message wakes the service for all of them', async () => {
    await button('foo', 'Send 100').click();
    await shows('they are held', held('foo'), /^100$/);
    await shows('all are answered', lastRun(), /100 × 200/);

    const wakeUps = demo.texts.filter((text) => text === 'published to foo: cold-start');
    expect(wakeUps).toHaveLength(1);
  }, 60_000);

  test('a crawler is told that it sleeps; a browser sees that it starts, and then the service', async () => {
    await shows('it is asleep', pill('foo'), 'asleep', 40_000);
    const wakeUps = (): number => demo.texts.filter((text) => text.startsWith('foo: 0 -> 1 replicas')).length;
    const before = wakeUps();
    const from = demo.texts.length;
    await button('foo', 'Be a crawler').click();
    await shows('it is turned away', lastRun(), /503/);
    expect(wakeUps()).toBe(before);

    await button('foo', 'Be a browser').click();
    const frame = card('foo').frameLocator('iframe');
    await shows('the waiting page', frame.locator('h1'), 'Starting up');
    await shows('the service', frame.locator('body'), /"service":\s*"foo"/, 30_000);
    expect(wakeUps()).toBe(before + 1);
    // Nothing went out because of the crawler: the first message is the browser's own wake-up.
    const messages = demo.texts.slice(from).filter((text) => text.startsWith('published to foo'));
    expect(messages[0]).toBe('published to foo: cold-start');
  }, 120_000);

  test('kill a replica: it exits, and another one replaces it', async () => {
    await button('bar', 'Send 1').click();
    await counts('a replica is ready', card('bar').getByTitle(/^bar-1, .*ready$/), 1);
    await button('bar', 'Kill a replica').click();
    await shows('the log says so', page.locator('#log'), 'bar-1 has ended (SIGKILL); another one starts');

    expect(await counts('another replica is ready', card('bar').getByTitle(/^bar-2, .*ready$/), 1)).toBe(true);
  }, 60_000);

  test('stop Dapr: a request for a sleeping service is refused with the reason', async () => {
    await page.getByRole('button', { name: 'Stop Dapr' }).click();
    await page.getByRole('button', { name: 'Start Dapr' }).waitFor();
    await button('consumer', 'Send 1').click();
    await shows('it is held, and why', card('consumer'), /the wake-up cannot be published/);
    await shows('it is refused', lastRun(), /503/, 60_000);
    const reason = await lastRun().locator('.detail').textContent();
    await page.getByRole('button', { name: 'Start Dapr' }).click();
    await page.getByRole('button', { name: 'Stop Dapr' }).waitFor();

    expect(reason).toMatch(/The wake-up was not published: .*ECONNREFUSED/);
  }, 120_000);

  test('stop the broker: nothing is scaled, and the page says so', async () => {
    await page.getByRole('button', { name: 'Stop Broker' }).click();
    await shows('the log says so', page.locator('#log'), /the broker is stopped; nothing is scaled/);
    await shows('no depth is known', card('consumer').locator('[data-field="queue"]'), /^\?$/);
    await page.getByRole('button', { name: 'Start Broker' }).click();
    await shows('the depth is known again', card('consumer').locator('[data-field="queue"]'), /^\d+$/);

    expect(await page.locator('#problem').isVisible()).toBe(false);
  }, 60_000);

  test('works with the keyboard alone', async () => {
    await button('bar', 'Send 1').focus();
    await page.keyboard.press('Enter');

    expect(await shows('the answer', lastRun(), /\/bar.*200/)).toBe(true);
  }, 60_000);

  test('says aloud what a service does, and describes the chart in words', async () => {
    await shows('the live region', page.getByRole('status'), /\w+ is (ready|asleep|waking)/, 40_000);
    const chart = page.getByRole('img', { name: /bar, the last two minutes: held now/ });

    expect(await chart.count()).toBe(1);
  }, 60_000);

  test('every control has a name, and nothing is wider than a small screen', async () => {
    const controls = await page.locator('button, a').all();
    const names = await Promise.all(
      controls.map(
        async (control) => (await control.getAttribute('aria-label')) ?? (await control.textContent()) ?? '',
      ),
    );
    await page.setViewportSize({ width: 360, height: 800 });
    const overflow: number = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    await page.setViewportSize({ width: 1280, height: 900 });

    expect(names).not.toContain('');
    expect(names.length).toBeGreaterThan(14);
    expect(overflow).toBeLessThanOrEqual(0);
  });

  test('says that the demo has ended', async () => {
    await demo.stop();
    await page.getByRole('alert').waitFor();

    expect(await page.getByRole('alert').textContent()).toContain('npm run demo');
  });

  test('the browser had nothing to complain about but the end', () => {
    expect(complaints.filter((text) => !text.includes('ERR_') && !text.includes('Failed to load'))).toEqual([]);
  });
});
