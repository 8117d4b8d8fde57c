import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { locate, partsCache } from '../../../real-parts/find';

/** Where `npm run parts renderers` puts what it builds. */
const cache = join(partsCache, 'bin');

const find = (command: string): string | undefined => locate(command) ?? locate(join(cache, command));

/** Runs a command; its standard output. Throws with its standard error when it fails. */
export function run(command: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

const kustomize = find('kustomize');
const kubectl = find('kubectl');
const helm = find('helm');

/** `kustomize build FOLDER`, by kustomize itself or by kubectl; undefined where neither is there. */
export const build: ((folder: string) => string) | undefined =
  kustomize !== undefined
    ? (folder) => run(kustomize, ['build', folder])
    : kubectl !== undefined
      ? (folder) => run(kubectl, ['kustomize', folder])
      : undefined;

/** `helm ARGUMENTS...`; undefined where helm is not there. */
export const runHelm = helm === undefined ? undefined : (args: readonly string[]) => run(helm, args);

/** `describe`; where the tool is missing, a suite that is skipped, and a line that says how to get it. */
export const describeWith = (tool: unknown, name: string): jest.Describe => {
  if (tool !== undefined) return describe;
  process.stderr.write(`skipped: ${name} is neither in PATH nor in ${cache}: npm run parts renderers builds it\n`);
  return describe.skip;
};
