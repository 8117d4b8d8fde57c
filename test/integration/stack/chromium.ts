import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Nothing but the page: no sandbox (it needs a kernel that allows it), no calls of the browser's own to anywhere. */
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Chromium from `CHROMIUM_BIN` or PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_BIN;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const known = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return (named === undefined || named === '' ? known : [named]).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether a run without a browser is a failure: `REQUIRE_REAL=chromium`, or `1` for everything. */
export function isChromiumRequired(): boolean {
  return (process.env.REQUIRE_REAL ?? '').split(',').some((word) => ['chromium', '1'].includes(word.trim()));
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGS });
}
