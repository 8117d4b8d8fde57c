const { project } = require('./jest.project.cjs');

/** The whole chain on real parts: one suite at a time, they kill brokers and measure. */
module.exports = { projects: [project('e2e')], maxWorkers: 1 };
