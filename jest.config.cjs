const project = (name, extra = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  ...extra,
});

/** Types are checked by `npm run types`, once for everything, so that a test run does not wait for them. */
module.exports = {
  projects: [project('unit'), project('integration'), project('contract')],
  maxWorkers: 2,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
};
module.exports.project = project;
