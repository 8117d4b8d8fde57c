const { project } = require('./jest.project.cjs');

/** The suites that need a real Kong: one at a time, they own its ports and measure. */
module.exports = { projects: [project('kong')], maxWorkers: 1 };
