const { project } = require('./jest.project.cjs');

/** `npm test`: what runs everywhere. Parts that are missing are skipped with a reason. */
module.exports = {
  projects: [project('unit'), project('integration'), project('contract')],
  maxWorkers: 2,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
};
