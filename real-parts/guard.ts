import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder that has package.json in it, from a test as well as from a bundle in dist/. */
export const projectRoot = (() => {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

const kept = new Set<string>();
let guardian: ChildProcess | undefined;

const startGuardian = (): ChildProcess => {
  const child = spawn(process.execPath, [join(projectRoot, 'real-parts/guardian.cjs')], {
    // Its own session, so that Ctrl-C in the terminal does not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
};

/** Tells the guardian, which cleans up after us however we end, that we own this. */
const keep = (entry: string): void => {
  kept.add(entry);
  guardian ??= startGuardian();
  guardian.stdin?.write(`+${entry}\n`);
};

const giveBack = (entry: string): void => {
  if (!kept.delete(entry)) return;
  guardian?.stdin?.write(`-${entry}\n`);
  if (kept.size > 0) return;
  guardian?.stdin?.end();
  guardian = undefined;
};

/** A process group that must not outlive the test run. */
export const guardGroup = (pid: number): void => {
  keep(`group ${pid}`);
};

/** The process group has ended. */
export const releaseGroup = (pid: number): void => {
  giveBack(`group ${pid}`);
};

/** A new folder, removed by `removeFolder`, or else at the end of the test run. */
export const makeFolder = (name: string): string => {
  // Short, whatever TMPDIR is nested in: the path of a unix socket may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), `ks-${name}-`));
  keep(`folder ${folder}`);
  return folder;
};

/** Removes a folder of `makeFolder`. */
export const removeFolder = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  giveBack(`folder ${folder}`);
};
