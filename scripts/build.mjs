// Bundles what `dist/` ships. One file each, so that an image or a ConfigMap needs no node_modules.
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  loader: { '.html': 'text', '.css': 'text', '.svg': 'text', '.txt': 'text' },
};

/** Entry point -> file. An entry that a part of the project does not have (yet) is not built. */
const targets = [
  { entry: 'src/bin/serverless.ts', out: 'dist/serverless', executable: true, minify: true },
  { entry: 'src/index.ts', out: 'dist/plugin/serverless.js', minify: true },
  { entry: 'sample/stack/main.ts', out: 'dist/stack.js' },
  { entry: 'sample/backend/main.ts', out: 'dist/backend.js' },
  { entry: 'test/load/main.ts', out: 'dist/bench.js' },
];

for (const { entry, out, executable, minify } of targets) {
  if (!existsSync(entry)) continue;
  await build({
    ...common,
    entryPoints: [entry],
    outfile: out,
    minifyWhitespace: minify ?? false,
    minifySyntax: minify ?? false,
    banner: executable ? { js: '#!/usr/bin/env node' } : {},
  });
  if (executable) chmodSync(out, 0o755);
}
