import { type Browser, chromium } from 'playwright-core';
import { findPart } from '../../real-parts/find';

/** Nothing but the page: no sandbox (it needs a kernel that allows it), no calls of the browser's own to anywhere. */
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export function launchChromium(): Promise<Browser> {
  const found = findPart('chromium');
  if (found.how !== 'binary') throw new Error(found.how === 'missing' ? found.why : 'the browser must be a program');
  return chromium.launch({ executablePath: found.path, args: ARGS });
}
