import type { Mutation } from './sets';

const VALUES = /values\.yaml$/;

export const gatewayMutations: readonly Mutation[] = [
  {
    name: 'a gateway without the plugin',
    in: VALUES,
    find: /'bundled, serverless'/,
    replace: 'bundled',
    rule: 'gateway-plugins',
  },
  {
    name: 'a gateway without the plugin server',
    in: VALUES,
    find: / *pluginserver_names: .*\n/,
    replace: '',
    rule: 'gateway-plugins',
  },
  {
    name: 'a gateway without a sidecar',
    in: VALUES,
    find: / *dapr\.io\/enabled: .*\n/,
    replace: '',
    rule: 'gateway-dapr',
  },
  {
    name: 'a gateway under another app-id',
    in: VALUES,
    find: /app-id: .*/,
    replace: 'app-id: kong',
    rule: 'component-scope',
  },
  {
    name: 'a gateway that stops before its held requests',
    in: VALUES,
    find: /terminationGracePeriodSeconds: .*/,
    replace: '',
    rule: 'grace-period',
    severity: 'warning',
  },
];
