import type { Mutation } from './sets';

const DEPLOYMENT = /(consumer.deployment|backend)\.yaml$/;
const SERVICE = /(consumer.service|backend)\.yaml$/;

export const sampleMutations: readonly Mutation[] = [
  {
    name: "a number of replicas of the Deployment's own",
    in: DEPLOYMENT,
    find: /\nspec:\n/,
    replace: '\nspec:\n  replicas: 1\n',
    rule: 'replicas-owner',
    severity: 'warning',
  },
  {
    name: 'a readiness probe of another path',
    in: DEPLOYMENT,
    find: /path: .*healthz.*/,
    replace: 'path: /',
    rule: 'readiness-path',
    severity: 'warning',
  },
  {
    name: 'no readiness probe',
    in: DEPLOYMENT,
    find: /readinessProbe/,
    replace: 'livenessProbe',
    rule: 'readiness-path',
    severity: 'warning',
  },
  {
    name: 'a start longer than the hold',
    in: DEPLOYMENT,
    find: /periodSeconds: 1\n/,
    replace: 'periodSeconds: 1\n            initialDelaySeconds: 40\n',
    rule: 'hold-deadline',
  },
  {
    name: 'no preStop hook',
    in: DEPLOYMENT,
    find: /preStop/,
    replace: 'postStart',
    rule: 'pod-grace',
    severity: 'warning',
  },
  {
    name: 'pods that are killed before they can finish',
    in: DEPLOYMENT,
    find: /terminationGracePeriodSeconds: .*/,
    replace: 'terminationGracePeriodSeconds: 5',
    rule: 'pod-grace',
    severity: 'warning',
  },
  {
    name: 'requests that are longer than a pod may take to end',
    in: SERVICE,
    find: /(kind: Service\nmetadata:\n)/,
    replace: "$1  annotations:\n    konghq.com/read-timeout: '600000'\n",
    rule: 'pod-grace',
    severity: 'warning',
  },
  {
    name: 'pods that the Service does not select',
    in: SERVICE,
    find: /selector:\n {4}app: \w+/,
    replace: 'selector:\n    app: customer',
    rule: 'backend-service',
    severity: 'warning',
  },
  {
    name: 'a Service with another port',
    in: SERVICE,
    find: /port: \d{4}/,
    replace: 'port: 80',
    rule: 'backend-service',
  },
];
