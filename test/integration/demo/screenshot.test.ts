import { until } from '../../../real-parts/wait';
import { launchChromium } from '../../support/chromium';
import { DemoRig } from './demo-rig';

/** Where the picture goes: `SCREENSHOT=docs/images/demo.png`. Unset, as in CI, none is taken. */
const file = process.env.SCREENSHOT ?? '';

/** What somebody who plays with the page does: seconds from the start, button, service, how many. */
const scene: readonly (readonly [number, string, string, number])[] = [
  [1, 'send', 'foo', 1],
  [16, 'send', 'consumer', 1],
  [24, 'jobs', 'worker', 350],
  [30, 'send', 'bar', 100],
  [58, 'send', 'foo', 1],
  [66, 'send', 'consumer', 100],
];

const describeForPicture = file === '' ? describe.skip : describe;

describeForPicture('the picture for the documentation', () => {
  test('is taken while a hundred requests are held', async () => {
    const demo = await DemoRig.start(['--fast']);
    const browser = await launchChromium();
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
    await page.goto(demo.url);
    const begin = Date.now();
    for (const [at, action, backend, count] of scene) {
      await new Promise((resolve) => setTimeout(resolve, begin + at * 1000 - Date.now()));
      await demo.press(action, backend, count);
    }
    const consumer = page.locator('[data-backend="consumer"]');
    await until('they are held', async () => (await consumer.locator('[data-field="held"]').textContent()) === '100');
    await consumer.locator('.slot.starting').waitFor();
    const log = await page.getByRole('heading', { name: 'Log' }).boundingBox();
    await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: log?.y ?? 900 } });
    await browser.close();
    await demo.stop();

    expect(log).not.toBeNull();
  }, 180_000);
});
