import fs from 'node:fs';
import os from 'node:os';
import { defaultMaxHeld } from '../../../src/adapters/memory-bound';

const MIB = 2 ** 20;

/** The machine has so much memory, and its control groups say what the files contain. */
function machine(memory: number, files: Readonly<Record<string, string>>): void {
  jest.spyOn(os, 'totalmem').mockReturnValue(memory);
  jest.spyOn(fs, 'readFileSync').mockImplementation((path) => {
    const text = files[String(path)];
    if (text === undefined) throw new Error(`ENOENT: ${String(path)}`);
    return text;
  });
}

const V2 = '/sys/fs/cgroup/memory.max';
const V1 = '/sys/fs/cgroup/memory/memory.limit_in_bytes';

afterEach(() => jest.restoreAllMocks());

test.each([
  ['the limit of control groups v2', 4096 * MIB, { [V2]: `${128 * MIB}\n` }, 1024],
  ['that of v1 where there is no v2', 4096 * MIB, { [V1]: `${256 * MIB}\n` }, 2048],
  ['v1 where v2 sets none', 4096 * MIB, { [V2]: 'max\n', [V1]: `${128 * MIB}\n` }, 1024],
  ['the machine where there is no limit', 512 * MIB, {}, 4096],
  ['the machine where the limit is beyond it', 512 * MIB, { [V1]: '9223372036854771712\n' }, 4096],
  ['at least 100, for ordinary bursts', 4096 * MIB, { [V2]: `${4 * MIB}\n` }, 100],
  ['at most what connections allow', 65_536 * MIB, {}, 16_384],
])('the bound of held requests follows %s', (_which, memory, files, bound) => {
  machine(memory, files);
  expect(defaultMaxHeld()).toBe(bound);
});
