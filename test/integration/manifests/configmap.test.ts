import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../unit/manifests/documents';
import { run } from './renderers';

const serverless = join(root, 'dist/serverless');

test('the plugin fits into a ConfigMap, as kong/values-configmap.yaml has it', () => {
  const description = run(serverless, ['-dump']);
  // 1 MiB for all keys and values, and the API server counts a binary one as base64; 16 kB are left for names and labels.
  const size = (gzipSync(readFileSync(serverless), { level: 9 }).length * 4) / 3 + Buffer.byteLength(description);
  expect(size).toBeLessThan(1024 * 1024 - 16_384);
});

test('the description that a Kong without Node reads from a file is all that the executable says', () => {
  expect(JSON.parse(run(serverless, ['-dump']))).toEqual([
    expect.objectContaining({ Name: 'serverless', Phases: ['access'] }),
  ]);
});
