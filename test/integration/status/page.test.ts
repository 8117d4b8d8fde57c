import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { until } from '../../../real-parts/wait';
import { systemClock } from '../../../src/adapters/clock';
import type { Asked } from '../../../src/core/ports';
import { StatusServer } from '../../../src/status/status-server';
import { launchChromium } from '../../support/chromium';
import { describeWith, stopAll } from '../../support/suite';
import { backend, coldStart, status } from '../../unit/status/example-status';

/** Where pictures for a person go; none is taken without it. */
const pictures = process.env.STATUS_PICTURES ?? '';
const silent = (): void => undefined;

const busy = [
  backend({ key: 'orders', target: '/orders', state: 'waking', held: 12, addresses: [], asleepSeconds: 30_000 }),
  backend({ key: 'foo', coldStarts: [coldStart(), coldStart({ readyMs: 2600, wakeMs: 300 })] }),
  backend({
    ...{ key: 'bar', target: '/bar', state: 'idle', addresses: undefined, asleepSeconds: undefined, coldStarts: [] },
    lastRejection: { at: '2026-01-01T00:00:00Z', code: 'SERVERLESS_HOLD_TIMEOUT' },
    lastProbe: { error: 'ECONNREFUSED' },
  }),
  backend({ key: 'sleeping', target: '/sleeping', state: 'asleep', addresses: [], asleepSeconds: 400_000 }),
];

describeWith(['chromium'], 'the status page in a browser', () => {
  let browser: Browser;
  let server: StatusServer;
  let url: string;
  let shown = status(busy, { held: 12 });
  const asked: string[] = [];
  const take =
    (action: string) =>
    (key: string): Asked => {
      asked.push(`${action} ${key}`);
      return { kind: 'done', state: 'waking' };
    };

  beforeAll(async () => {
    browser = await launchChromium();
    const source = {
      ...{ isActive: () => true, metrics: () => Promise.resolve(''), status: () => shown },
      ...{ wake: take('wake'), sleep: take('sleep') },
    };
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    server = new StatusServer({ host: '127.0.0.1', port: 0, token: undefined }, source, systemClock, log);
    server.start();
    const { port } = await until('it listens', () => (server.address() as AddressInfo | null | undefined) ?? undefined);
    url = `http://127.0.0.1:${port}/`;
  }, 60_000);
  beforeEach(() => {
    shown = status(busy, { held: 12 });
    asked.length = 0;
  });
  afterAll(
    stopAll(() => [browser]),
    30_000,
  );
  afterAll(() => {
    server.stop();
  });

  const open = async (options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(url);
    return { page, complaints };
  };
  const rows = (page: Page): Promise<string[]> => page.locator('tbody th').allTextContents();

  test('is brought up to date without a reload, and a button wakes a backend', async () => {
    const { page, complaints } = await open();
    expect(await rows(page)).toEqual(['/orders', '/bar', '/foo', '/sleeping']);
    await page.getByRole('button', { name: 'Wake: /sleeping' }).click();
    await until('it was asked for', () => asked.includes('wake sleeping'));
    shown = status([backend({ target: '/new' })]);
    await until('the page has it', async () => (await rows(page)).join() === '/new');
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  test('a control that has the focus is not taken away', async () => {
    const { page } = await open();
    const button = page.getByRole('button', { name: 'Let sleep: /foo' });
    await button.focus();
    shown = status([backend({ key: 'foo', held: 3 })]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const focused = "document.activeElement.getAttribute('aria-label')";
    expect(await page.evaluate(focused)).toBe('Let sleep: /foo');
    await page.evaluate('document.activeElement.blur()');
    await until('the page is up to date', async () => (await rows(page)).length === 1);
    await page.close();
  }, 60_000);

  test('works without JavaScript, its buttons too', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    expect(await rows(page)).toHaveLength(4);
    await page.getByRole('button', { name: 'Wake: /foo' }).click();
    await until('it was asked for', () => asked.includes('wake foo'));
    expect(new URL(page.url()).pathname).toBe('/');
    await page.close();
  }, 60_000);

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 900 } }],
  ] as [string, BrowserContextOptions][])(
    'axe finds nothing: %s',
    async (name, options) => {
      // axe runs in the page: its policy would keep it out.
      const { page } = await open({ ...options, bypassCSP: true });
      await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
      const violations = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))',
      );
      expect(violations).toEqual([]);
      const width = options.viewport?.width ?? 1280;
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      if (pictures !== '') await page.screenshot({ path: `${pictures}/status-${name}.png`, fullPage: true });
      await page.close();
    },
    60_000,
  );
});
