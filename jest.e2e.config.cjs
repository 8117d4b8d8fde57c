const { project } = require('./jest.project.cjs');

const e2e = project('e2e');

/** The whole chain on real parts: one suite at a time, they kill brokers and measure. */
module.exports = {
  projects: [
    {
      ...e2e,
      // The embedded gateway's proxy library is an ES module, which jest cannot load as it is.
      transform: {
        ...e2e.transform,
        '/httpxy/.+\\.mjs$': [
          'ts-jest',
          {
            diagnostics: false,
            tsconfig: { allowJs: true, target: 'ES2023', module: 'CommonJS', isolatedModules: true },
          },
        ],
      },
      transformIgnorePatterns: ['/node_modules/(?!httpxy/)'],
    },
  ],
  maxWorkers: 1,
};
