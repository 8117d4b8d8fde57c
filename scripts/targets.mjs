// What `dist/` consists of. One file each, so that an image or a ConfigMap needs no node_modules.
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * gRPC would make the executable half as large again, for a command that few run, and OpenTelemetry a tenth larger, for those who trace: each
 * is a file beside it.
 */
const BESIDE = { '/scaler/scaler-command.js': './scaler.js', './open-telemetry.js': './tracing.js' };
const beside = {
  name: 'beside',
  setup(building) {
    for (const [end, path] of Object.entries(BESIDE)) {
      const filter = new RegExp(`${end.replaceAll('.', '\\.')}$`);
      building.onResolve({ filter }, () => ({ path, external: true }));
    }
  },
};

/** Entry point -> file. An entry that is missing, as in the build context of an image, is not built. */
export const targets = [
  { entry: 'src/bin/serverless.ts', out: 'dist/serverless', executable: true, minify: true, plugins: [beside] },
  { entry: 'src/scaler/scaler-command.ts', out: 'dist/scaler.js', minify: true, plugins: [beside] },
  {
    entry: 'src/tracing/open-telemetry.ts',
    out: 'dist/tracing.js',
    minify: true,
    // Its ES modules: of the others nothing can be left out that is not used, and it would be five times as large.
    mainFields: ['module', 'main'],
  },
  { entry: 'src/bin/plugin-module.ts', out: 'dist/plugin/serverless.js', minify: true },
  { entry: 'sample/backend/main.ts', out: 'dist/backend.js' },
  // These two run only in this repository, where node_modules is: testcontainers cannot be bundled.
  { entry: 'demo/main.ts', out: 'dist/demo.js', packages: 'external' },
  { entry: 'test/load/main.ts', out: 'dist/bench.js', packages: 'external' },
  { entry: 'test/faults/main.ts', out: 'dist/faults.js', packages: 'external' },
];

/** For esbuild. */
export function optionsOf({ entry, executable, minify, packages, plugins, mainFields }) {
  return {
    ...common,
    packages: packages ?? 'bundle',
    entryPoints: [entry],
    plugins: plugins ?? [],
    ...(mainFields === undefined ? {} : { mainFields }),
    minifyWhitespace: minify ?? false,
    minifySyntax: minify ?? false,
    banner: executable ? { js: '#!/usr/bin/env node' } : {},
  };
}
