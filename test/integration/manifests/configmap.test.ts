import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../unit/manifests/documents';
import { run } from './renderers';

const serverless = join(root, 'dist/serverless');

/** In the ConfigMap: packed, and the API server counts a binary value as base64. */
const packed = (file: string): number => (gzipSync(readFileSync(file), { level: 9 }).length * 4) / 3;

test('the plugin fits into a ConfigMap, as kong/values-configmap.yaml has it, with what traces need', () => {
  const description = run(serverless, ['-dump']);
  // 1 MiB for all keys and values; 16 kB are left for names and labels.
  const size = packed(serverless) + packed(join(root, 'dist/tracing.js')) + Buffer.byteLength(description);
  expect(size).toBeLessThan(1024 * 1024 - 16_384);
});

test('the description that a Kong without Node reads from a file is all that the executable says', () => {
  expect(JSON.parse(run(serverless, ['-dump']))).toEqual([
    expect.objectContaining({ Name: 'serverless', Phases: ['access'] }),
  ]);
});
