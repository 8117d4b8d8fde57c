// Writes the files that are made from the code, or with --check says which of them are out of date.
// --root DIR writes and checks below DIR instead of the repository: for tests.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: { check: { type: 'boolean', default: false }, root: { type: 'string', default: repository } },
});

/** File, and the exported function that makes its text. */
const generated = [
  { file: 'docs/configuration.md', module: 'src/config/configuration-page.ts', make: 'referencePage' },
  { file: 'docs/check.md', module: 'src/check/rules-page.ts', make: 'checkPage' },
  { file: 'docs/doctor.md', module: 'src/doctor/checks-page.ts', make: 'doctorPage' },
  { file: 'monitoring/dashboard.json', module: 'monitoring/dashboard.ts', make: 'dashboard' },
  { file: 'monitoring/alerts.yaml', module: 'monitoring/alerts.ts', make: 'rulesFile' },
  { file: 'manifests/monitoring/prometheus-rule.yaml', module: 'monitoring/alerts.ts', make: 'prometheusRule' },
  { file: 'docs/openapi.json', module: 'src/status/open-api.ts', make: 'openApiFile' },
  { file: 'docs/metrics.md', module: 'src/adapters/metrics-page.ts', make: 'metricsPage' },
];

/** Runs a TypeScript module: bundled in memory, imported from there. */
async function load(module) {
  const { outputFiles } = await build({
    entryPoints: [join(repository, module)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function current(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

for (const { file, module, make } of generated) {
  const text = (await load(module))[make]();
  const path = join(options.root, file);
  if (current(path) === text) continue;
  if (options.check) {
    console.error(`${file} is not what the code makes of it: run \`npm run generate\` and commit ${file}`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${file}`);
}
