const { project } = require('./jest.project.cjs');

/** On a real Kubernetes, the one that KUBECONFIG names: one suite at a time, they share its gateway. */
module.exports = { projects: [project('cluster')], maxWorkers: 1 };
