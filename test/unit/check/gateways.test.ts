import { type Edits, found } from './edited';

type Replace = NonNullable<Edits['replace']>;

describe('the gateway', () => {
  const VALUES = `env:
  plugins: bundled, serverless
  pluginserver_names: serverless
podAnnotations:
  dapr.io/enabled: 'true'
  dapr.io/app-id: serverless
terminationGracePeriodSeconds: 60
customEnv: {serverless_kubernetes: 'off'}
`;
  const DEPLOYMENT = (
    plugins: string,
    annotations = "{dapr.io/enabled: 'true', dapr.io/app-id: serverless}",
  ): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: kong, namespace: kong}
spec:
  template:
    metadata:
      annotations: ${annotations}
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: controller
          env: [{name: A, value: b}]
        - name: proxy
          env:
            - name: KONG_PLUGINS
              value: ${plugins}
            - name: KONG_PLUGINSERVER_NAMES
              value: serverless
`;

  test('its values, or the Deployment that they render to, are read', () => {
    expect(found({ add: VALUES })).toEqual([]);
    expect(found({ add: DEPLOYMENT('bundled,serverless') })).toEqual([]);
    expect(found({ add: DEPLOYMENT('bundled') })).toEqual([
      expect.stringContaining('error gateway-plugins: plugins is "bundled"'),
    ]);
    expect(found({ add: DEPLOYMENT('bundled,serverless', '{}') })).toEqual([
      expect.stringContaining('error gateway-dapr'),
    ]);
  });

  test('values laid over others need not repeat them', () => {
    expect(found({ add: `${VALUES}---\nproxy: {type: NodePort}\nterminationGracePeriodSeconds: 90\n` })).toEqual([]);
  });

  test('a plugin mounted from a ConfigMap is loaded by the chart', () => {
    const add = VALUES.replace(/ {2}plugins: .*\n.*\n/, '  database: "off"\n').concat(
      'plugins:\n  configMaps:\n    - {name: a, pluginName: serverless}\n',
    );
    expect(found({ add })).toEqual([]);
  });

  test.each([
    ['no app-id', [/ {2}dapr.io\/app-id.*\n/, ''], 'error gateway-dapr: dapr.io/app-id is missing.'],
    [
      'an app-port',
      ['podAnnotations:', "podAnnotations:\n  dapr.io/app-port: '80'"],
      'warning gateway-dapr: The sidecar waits for this port',
    ],
    ['no plugin server', [/ {2}pluginserver_names.*\n/, ''], 'error gateway-plugins: pluginserver_names is ""'],
  ] as const)('%s is found', (_, [from, to], expected) => {
    expect(found({ add: VALUES.replace(from, to) })).toEqual([expect.stringContaining(expected)]);
  });

  test('its app-id is that of the scopes, and --app-id contradicts it', () => {
    const add = VALUES.replace('app-id: serverless', 'app-id: edge');
    const replace: Replace = [['kind: Component\n', 'kind: Component\nscopes: [edge]\n']];
    expect(found({ add, replace })).toEqual([]);
    expect(found({ add, gateway: { appId: 'serverless' } })).toEqual([expect.stringContaining('The app-id is "edge"')]);
  });
});
