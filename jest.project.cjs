/** As tsconfig.json, but `import()` becomes `require`, since jest's own module system has no other. */
const compilerOptions = {
  target: 'ES2023',
  module: 'CommonJS',
  esModuleInterop: true,
  resolveJsonModule: true,
  isolatedModules: true,
};

/** One jest project: the suites of a folder of test/. Types are checked by `npm run types`, once for everything. */
exports.project = (name) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  // A dynamic import names the emitted file (module node16).
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false, tsconfig: compilerOptions }] },
});
