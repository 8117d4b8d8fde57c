/** As tsconfig.json, but `import()` becomes `require`, since jest's own module system has no other. */
const compilerOptions = {
  target: 'ES2023',
  module: 'CommonJS',
  esModuleInterop: true,
  resolveJsonModule: true,
  isolatedModules: true,
};

/** The suites of a folder of test/. Types are checked by `npm run types`, once for everything. */
const project = (name) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  // A dynamic import names the emitted file (module node16).
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: {
    '^.+\\.ts$': ['ts-jest', { diagnostics: false, tsconfig: compilerOptions }],
    // The embedded gateway's proxy library is an ES module, which jest cannot load as it is.
    '/httpxy/.+\\.mjs$': ['ts-jest', { diagnostics: false, tsconfig: { ...compilerOptions, allowJs: true } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!httpxy/)'],
});

/** What the whole suite covers, rounded down. `global` is the rest of src/. */
const coverageThreshold = {
  'src/core/': { statements: 100, branches: 99, functions: 100, lines: 100 },
  'src/config/': { statements: 100, branches: 100, functions: 100, lines: 100 },
  'src/activation/': { statements: 98, branches: 90, functions: 98, lines: 98 },
  'src/access/': { statements: 97, branches: 95, functions: 85, lines: 99 },
  global: { statements: 97, branches: 92, functions: 97, lines: 98 },
};

/**
 * `unit`, `integration` and `contract` run anywhere: `npm test`. The others own a Kong, a broker or a cluster, so they are named one
 * at a time and in one process: see the scripts in package.json.
 */
module.exports = {
  projects: ['unit', 'integration', 'contract', 'kong', 'e2e', 'cluster'].map(project),
  maxWorkers: 2,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
  // `npm test` ends with --coverage. With files named after it, or run in another way, a part of the suite covers less.
  ...(process.argv.at(-1) === '--coverage' ? { coverageThreshold } : {}),
};
