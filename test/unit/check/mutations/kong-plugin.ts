import type { Mutation } from './sets';

const PLUGIN = /(kong-plugin|gateway)\.yaml$/;

export const pluginMutations: readonly Mutation[] = [
  {
    name: 'a target without a slash',
    in: PLUGIN,
    find: /target: \/\w+/,
    replace: 'target: kong',
    rule: 'plugin-config',
  },
  { name: 'a field with a typing error', in: PLUGIN, find: /interval:/, replace: 'intervall:', rule: 'plugin-config' },
  {
    name: 'a lease longer than a message lives',
    in: PLUGIN,
    find: /count:/,
    replace: 'lease: 60000\n  count:',
    rule: 'plugin-config',
  },
  {
    name: 'a target outside the Ingress',
    in: PLUGIN,
    find: /target: \/\w+/,
    replace: 'target: /shop',
    rule: 'target-route',
  },
  {
    name: 'a wrong pubsub name',
    in: PLUGIN,
    find: /pubsub: .*/,
    replace: 'pubsub: serverless',
    rule: 'component-missing',
  },
  {
    name: 'another health path',
    in: PLUGIN,
    find: /\/healthz(\.html)?/,
    replace: '/ready',
    rule: 'readiness-path',
    severity: 'warning',
  },
  {
    name: 'a hold shorter than a start',
    in: PLUGIN,
    find: /count: \d+\n {2}interval: \d+/,
    replace: 'count: 1\n  interval: 1000',
    rule: 'hold-deadline',
    severity: 'warning',
  },
  {
    name: 'a plugin in another namespace',
    in: PLUGIN,
    find: /namespace: kong/,
    replace: 'namespace: shop',
    rule: 'plugin-used',
  },
];
