import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The repository, for a test as well as for a bundle in dist/. */
export const projectRoot = (() => {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

const kept = new Set<string>();
let guardian: ChildProcess | undefined;

const startGuardian = (): ChildProcess => {
  const child = spawn(process.execPath, [join(projectRoot, 'real-parts/guardian.cjs')], {
    // Its own session: Ctrl-C in the terminal must not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
};

/** Tells the guardian, which cleans up however this process ends, that this is ours. */
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

/** Registers a process group that must not outlive this process. */
export const guardGroup = (pid: number): void => {
  keep(`group ${pid}`);
};

/** Unregisters a process group that has exited. */
export const releaseGroup = (pid: number): void => {
  giveBack(`group ${pid}`);
};

/** Makes a temporary folder. The guardian removes it if `removeFolder` has not. */
export const makeFolder = (name: string): string => {
  // A short name: the path of a unix socket is limited to 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), `ks-${name}-`));
  keep(`folder ${folder}`);
  return folder;
};

/** Removes a folder of `makeFolder`. */
export const removeFolder = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  giveBack(`folder ${folder}`);
};
