import { checkEdited, type Edits, found, plugin } from './edited';

const annotate = (text: string): NonNullable<Edits['replace']>[number] => [
  '  annotations:\n',
  `  annotations:\n    ${text}\n`,
];
const withOther: NonNullable<Edits['replace']>[number] = ['plugins: serverless', 'plugins: serverless, other'];
const HEALTH_ROUTE = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: health
  namespace: kong
spec:
  ingressClassName: kong
  rules:
    - http:
        paths:
          - path: /kong/healthz
            pathType: Exact
            backend:
              service:
                name: consumer
                port:
                  number: 8080
`;

test('the good set has nothing wrong', () => {
  expect(found({})).toEqual([]);
});

describe('another plugin on the probed route', () => {
  test.each([
    ['jwt', '{}', 'error', 'answers the probe 401'],
    ['acl', '{allow: [a]}', 'error', '403, which belongs to no consumer'],
    ['request-termination', '{}', 'error', 'in place of the backend'],
    ['proxy-cache', '{}', 'error', 'from its cache'],
    ['bot-detection', '{}', 'warning', 'for a bot'],
    ['ip-restriction', '{allow: [10.0.0.0/8]}', 'error', '127.0.0.1, 403'],
    ['ip-restriction', '{deny: [127.0.0.1]}', 'error', '127.0.0.1, 403'],
    ['rate-limiting', '{second: 5}', 'error', 'allows 5 requests a second, and one hold makes up to 10 probes'],
    ['rate-limiting', '{minute: 299}', 'error', 'allows 299 requests a minute, and one hold makes up to 300 probes'],
    ['rate-limiting', '{minute: 6000}', 'warning', 'counts the probes'],
    ['response-ratelimiting', '{}', 'warning', 'counts the probes'],
  ])('%s %s is found', (kind, config, severity, message) => {
    const findings = found({ replace: [withOther], add: plugin(kind, config) });
    expect(findings).toEqual([expect.stringMatching(new RegExp(`^${severity} probe-allowed: ${kind} .*${message}`))]);
  });

  test.each([
    ['key-auth', '{anonymous: guest}'],
    ['ip-restriction', '{allow: [10.0.0.0/8, 127.0.0.1]}'],
    ['ip-restriction', '{deny: [10.0.0.0/8]}'],
    ['cors', '{}'],
  ])('%s %s lets the probe through', (kind, config) => {
    expect(found({ replace: [withOther], add: plugin(kind, config) })).toEqual([]);
  });

  test('a probe that does not take the route is not touched', () => {
    const direct = 'config:\n  probe:\n    url: http://consumer.kong.svc:8080/kong/healthz';
    const edits = { replace: [withOther, ['config:', direct]], add: plugin('key-auth', '{}') } as const;
    expect(found(edits)).toEqual([]);
  });

  test('the ways out name the Service and the path, and the Exact route is one', () => {
    const edits = { replace: [withOther], add: plugin('key-auth', '{}') } as const;
    expect(checkEdited(edits).findings[0]?.fix).toContain('probe.url: http://consumer.kong.svc:8080/kong/healthz');
    expect(found({ ...edits, add: `${edits.add}---\n${HEALTH_ROUTE}` })).toEqual([]);
  });

  test('it is found on the Service, and where it runs everywhere', () => {
    const onService: NonNullable<Edits['replace']>[number] = [
      'kind: Service\nmetadata:\n',
      'kind: Service\nmetadata:\n  annotations:\n    konghq.com/plugins: other\n',
    ];
    expect(found({ replace: [onService], add: plugin('key-auth', '{}') })).toHaveLength(1);
    const everywhere = plugin('key-auth', '{}')
      .replace('KongPlugin', 'KongClusterPlugin')
      .replace('  namespace: kong', '  labels: {global: "true"}');
    expect(found({ add: everywhere })).toHaveLength(1);
    expect(found({ add: plugin('key-auth', '{}') })).toEqual([]);
  });
});

describe('hosts', () => {
  const hosted: NonNullable<Edits['replace']>[number] = ['    - http:', '    - host: shop.example.com\n      http:'];
  const probeHost = (host: string): NonNullable<Edits['replace']>[number] => [
    'config:',
    `config:\n  probe:\n    host: ${host}`,
  ];

  test("a host rule needs no probe.host: the probe carries the waiting request's Host", () => {
    expect(found({ replace: [hosted] })).toEqual([]);
  });

  test.each(['shop.example.com', 'SHOP.example.com', 'shop.example.com:8000'])('probe.host %s is admitted', (host) => {
    expect(found({ replace: [hosted, probeHost(host)] })).toEqual([]);
  });

  test('a wildcard rule admits its subdomains', () => {
    const wild: NonNullable<Edits['replace']>[number] = ['    - http:', "    - host: '*.example.com'\n      http:"];
    expect(found({ replace: [wild, probeHost('a.example.com')] })).toEqual([]);
    expect(found({ replace: [wild, probeHost('example.org')] })).toEqual([expect.stringContaining('error probe-host')]);
  });

  test('two hosts that lead to different Services are not one backend', () => {
    const second = HEALTH_ROUTE.replace('- http:', '- host: b.example.com\n      http:')
      .replace('/kong/healthz', '/kong')
      .replace('Exact', 'Prefix')
      .replace('name: consumer', 'name: second')
      .replace('metadata:', 'metadata:\n  annotations: {konghq.com/plugins: serverless}');
    const findings = found({ replace: [hosted], add: second });
    expect(findings).toContainEqual(expect.stringMatching(/error probe-host: The hosts .* lead to different Services/));
  });
});

describe('routes', () => {
  test.each([
    [
      'a target above the path',
      [['path: /kong', 'path: /kong/app']],
      'error health-route: No Ingress routes "/kong/healthz".',
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
      'error health-route: No Ingress routes "/kong/healthz".',
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
    'kind: HTTPRoute\nmetadata: {name: r, namespace: kong}\nspec: {rules: [{filters: [{extensionRef: {name: other}}]}]}\n',
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

describe("Kong's own configuration", () => {
  const KONG = (route: string, top = ''): string => `_format_version: "2.1"
services:
  - name: consumer
    url: http://consumer:8080
    routes:
      - name: r
        strip_path: false
        paths: [/kong]
${route}
    plugins:
      - name: serverless
        config:
          backend:
            - {target: /kong, health: /healthz, pubsub: kong-serverless-plugin, topic: serverless}
${top}`;
  const only = (add: string): string[] => found({ replace: [[/^[^]*$/, add]] });

  test('is checked like the objects of the ingress controller', () => {
    expect(only(KONG(''))).toEqual([]);
    expect(only(KONG('        protocols: [https]'))).toEqual([expect.stringContaining('error probe-protocol')]);
    expect(only(KONG('        methods: [POST]'))).toEqual([expect.stringContaining('error probe-conditions')]);
    expect(only(KONG('        headers: {x-a: [b]}'))).toEqual([expect.stringContaining('error probe-conditions')]);
    expect(only(KONG('        hosts: [a.example.com]'))).toEqual([]);
    expect(only(KONG('        plugins: [{name: key-auth}]'))).toEqual([
      expect.stringContaining('error probe-allowed: key-auth'),
    ]);
    expect(only(KONG('', 'plugins: [{name: key-auth}]'))).toEqual([
      expect.stringContaining('error probe-allowed: key-auth'),
    ]);
    expect(only(KONG('').replace('target: /kong', 'target: /shop'))).toEqual([
      expect.stringContaining('error target-route'),
    ]);
    expect(only(KONG('').replace('target: /kong', 'target: shop'))).toContainEqual(
      expect.stringContaining('error plugin-config'),
    );
  });

  test('a route without a service is a route too', () => {
    expect(
      only(
        '_format_version: "2.1"\nroutes:\n  - paths: [/kong]\n    plugins:\n      - name: serverless\n        config:\n          backend: [{target: /a, pubsub: p, topic: t}]\n',
      ),
    ).toEqual([expect.stringContaining('error target-route')]);
  });
});
