import type { Mutation } from './sets';

const INGRESS = /(ingress|gateway)\.yaml$/;

export const ingressMutations: readonly Mutation[] = [
  {
    name: 'an Ingress without the plugin',
    in: INGRESS,
    find: /konghq\.com\/plugins: .*/,
    replace: 'a: b',
    rule: 'plugin-used',
  },
  {
    name: 'a misspelt plugin name',
    in: INGRESS,
    find: /plugins: .*/,
    replace: 'plugins: serverles',
    rule: 'plugin-used',
  },
  {
    name: 'an https-only route',
    in: INGRESS,
    find: /annotations:/,
    replace: 'annotations:\n    konghq.com/protocols: https',
    rule: 'probe-protocol',
  },
  {
    name: 'a route that forces https',
    in: INGRESS,
    find: /annotations:/,
    replace: "annotations:\n    ingress.kubernetes.io/force-ssl-redirect: 'true'",
    rule: 'probe-protocol',
  },
  {
    name: 'a route for POST only',
    in: INGRESS,
    find: /annotations:/,
    replace: 'annotations:\n    konghq.com/methods: POST',
    rule: 'probe-conditions',
  },
  {
    name: 'an Ingress without a class',
    in: INGRESS,
    find: / *ingressClassName: kong\n/,
    replace: '',
    rule: 'ingress-class',
  },
  {
    name: 'a port that the Service lacks',
    in: INGRESS,
    find: /number: \d+/,
    replace: 'number: 80',
    rule: 'backend-service',
  },
  {
    name: 'a Service that does not exist',
    in: INGRESS,
    find: /(service:\n +name: ).*/,
    replace: '$1customer',
    rule: 'backend-service',
    severity: 'warning',
  },
  {
    name: 'a path that leaves out the health path',
    in: INGRESS,
    find: /path: (\/\w+)\/?/,
    replace: 'path: $1/app',
    rule: 'health-route',
  },
  {
    name: 'a path that is stripped',
    in: INGRESS,
    find: /strip-path: 'false'/,
    replace: "strip-path: 'true'",
    rule: 'readiness-path',
    severity: 'warning',
  },
  {
    name: 'key authentication on the route',
    in: INGRESS,
    find: /plugins: (.*)([^]*)$/,
    replace:
      'plugins: $1, login$2---\napiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata:\n  name: login\n  namespace: kong\nplugin: key-auth\n',
    rule: 'probe-allowed',
  },
  {
    name: 'rate limiting everywhere',
    in: INGRESS,
    find: /$/,
    replace:
      "---\napiVersion: configuration.konghq.com/v1\nkind: KongClusterPlugin\nmetadata:\n  name: limit\n  labels:\n    global: 'true'\nplugin: rate-limiting\nconfig:\n  minute: 5\n",
    rule: 'probe-allowed',
  },
];
