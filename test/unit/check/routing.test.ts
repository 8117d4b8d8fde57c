import { type Edits, found, HEALTH_ROUTE, plugin } from './edited';

const annotate = (text: string): NonNullable<Edits['replace']>[number] => [
  '  annotations:\n',
  `  annotations:\n    ${text}\n`,
];

describe('routes', () => {
  test.each([
    [
      'a target above the path',
      [['path: /kong', 'path: /kong/app']],
      'error health-route: No Ingress and no HTTPRoute routes "/kong/healthz".',
      {},
    ],
    [
      'http only, probed by https',
      [annotate('konghq.com/protocols: http')],
      'error probe-protocol',
      { url: 'https://localhost:8443' },
    ],
    ['a header', [annotate('konghq.com/headers.x-a: b')], 'error probe-conditions: The route wants the header x-a', {}],
  ] as const)('%s is found', (_, replace, expected, gateway) => {
    expect(found({ replace, gateway })).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    ['both protocols', [annotate('konghq.com/protocols: http,https')]],
    ['GET among the methods', [annotate('konghq.com/methods: POST, GET')]],
    ['the class as an annotation', [annotate('kubernetes.io/ingress.class: kong'), ['  ingressClassName: kong\n', '']]],
    ['a path with a slash at its end', [['path: /kong', 'path: /kong/']]],
    [
      'a regular expression',
      [
        ['path: /kong', 'path: /(kong|king)'],
        ['pathType: Prefix', 'pathType: ImplementationSpecific'],
      ],
    ],
    ['the whole host', [['path: /kong', 'path: /']]],
    [
      'a named port',
      [
        ['number: 8080', 'name: web'],
        ['    - port: 8080', '    - port: 8080\n      name: web'],
      ],
    ],
    ['an empty health path', [['health: /healthz', "health: ''"]]],
  ] as const)('%s is fine', (_, replace) => {
    expect(found({ replace })).toEqual([]);
  });

  test('an exact path covers nothing below it', () => {
    expect(found({ replace: [['pathType: Prefix', 'pathType: Exact']] })).toContain(
      'error health-route: No Ingress and no HTTPRoute routes "/kong/healthz".',
    );
  });

  test('a health path that leads to another Service is found', () => {
    const other = HEALTH_ROUTE.replace('name: consumer', 'name: other');
    expect(found({ add: other })).toEqual([expect.stringContaining('is routed to Service "other"')]);
  });

  test('the plugin named by the Service counts as well', () => {
    const replace: NonNullable<Edits['replace']> = [
      ['    konghq.com/plugins: serverless\n', '    a: b\n'],
      ['kind: Service\nmetadata:\n', 'kind: Service\nmetadata:\n  annotations:\n    konghq.com/plugins: serverless\n'],
    ];
    expect(found({ replace })).toEqual([]);
  });

  test('a plugin that an Ingress of another namespace names is said so', () => {
    const replace: NonNullable<Edits['replace']> = [
      ['name: serverless\n  namespace: kong\nplugin', 'name: serverless\n  namespace: shop\nplugin'],
    ];
    expect(found({ replace })).toEqual([expect.stringContaining('Ingress kong/serverless names it, but sees only')]);
  });

  test.each([
    'kind: GRPCRoute\nmetadata: {name: r, namespace: kong}\nspec: {rules: [{filters: [{extensionRef: {kind: KongPlugin, name: other}}]}]}\n',
    'kind: KongConsumer\nmetadata: {name: r, namespace: kong, annotations: {konghq.com/plugins: other}}\n',
  ])('a plugin that another kind names is used: %s', (add) => {
    const unused = plugin('serverless', '{backend: [{target: /a, pubsub: kong-serverless-plugin, topic: serverless}]}');
    expect(found({ add: unused })).toEqual([expect.stringContaining('error plugin-used')]);
    expect(found({ add: `${unused}---\n${add}` })).toEqual([]);
  });

  test('a stripped path is compared as the backend sees it', () => {
    const strip = annotate("konghq.com/strip-path: 'true'");
    expect(found({ replace: [strip] })).toEqual([expect.stringContaining(`The plugin's probe arrives at "/healthz"`)]);
    expect(found({ replace: [strip, ['path: /kong/healthz', 'path: /healthz']] })).toEqual([]);
  });

  test('a longer target of the same plugin has the routes below it', () => {
    const second =
      '    - target: /kong\n      health: /healthz\n      pubsub: kong-serverless-plugin\n      topic: serverless\n    - target: /kong/b\n      health: /healthz\n      pubsub: kong-serverless-plugin\n      topic: serverless\n';
    const b = HEALTH_ROUTE.replace('/kong/healthz', '/kong/b')
      .replace('Exact', 'Prefix')
      .replace('metadata:', 'metadata:\n  annotations: {konghq.com/plugins: serverless}');
    const findings = found({ replace: [[/ {4}- target[^]*?(?=---)/, second]], add: b });
    expect(findings).toEqual([
      expect.stringContaining('warning readiness-path: The plugin\'s probe arrives at "/kong/b/healthz"'),
    ]);
  });
});
