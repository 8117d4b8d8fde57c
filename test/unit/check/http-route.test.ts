import { type Edits, found } from './edited';

/** The good set's Ingress, as an HTTPRoute. */
const asHttpRoute = (rule: string, { head = '' }: { head?: string } = {}): NonNullable<Edits['replace']>[number] => [
  /apiVersion: networking[^]*?number: 8080\n/,
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: serverless
  namespace: kong
${head}spec:
  parentRefs:
    - name: kong
  rules:
${rule}`,
];

const FILTER = `      filters:
        - type: ExtensionRef
          extensionRef: { group: configuration.konghq.com, kind: KongPlugin, name: serverless }
`;
const TO = `      backendRefs:
        - { name: consumer, port: 8080 }
`;
const under = (path: string, type = 'PathPrefix'): string => `    - matches:
        - path: { type: ${type}, value: ${path} }
`;

describe('an HTTPRoute', () => {
  test.each([
    ['with the plugin as a filter', asHttpRoute(under('/kong') + FILTER + TO)],
    [
      'with the plugin in its annotation',
      asHttpRoute(under('/kong') + TO, { head: '  annotations:\n    konghq.com/plugins: serverless\n' }),
    ],
    [
      'with the plugin of its namespace by the long name',
      asHttpRoute(under('/kong') + TO, { head: '  annotations:\n    konghq.com/plugins: kong:serverless\n' }),
    ],
    ['with no match, which takes every path', asHttpRoute(`    - name: all\n${FILTER}${TO}`)],
    ['with a regular expression', asHttpRoute(under('/(kong|king)', 'RegularExpression') + FILTER + TO)],
    ['with GET', asHttpRoute(`${under('/kong')}          method: GET\n${FILTER}${TO}`)],
    [
      'that shares requests out among two Services',
      asHttpRoute(`${under('/kong')}${FILTER}${TO}        - { name: consumer, port: 8080, weight: 1 }\n`),
    ],
  ] as const)('%s is fine', (_, route) => {
    expect(found({ replace: [route] })).toEqual([]);
  });

  test.each([
    [
      'that nothing gives the plugin',
      [asHttpRoute(under('/kong') + TO)],
      'error plugin-used: No Ingress, HTTPRoute or Service of namespace "kong" names "serverless".',
    ],
    [
      'whose other rule has the plugin',
      [asHttpRoute(under('/kong') + TO + under('/other') + FILTER + TO)],
      'error target-route: "/kong" lies under none of the routed paths: "/other".',
    ],
    [
      'without a Gateway',
      [asHttpRoute(under('/kong') + FILTER + TO), ['  parentRefs:\n    - name: kong\n', '']],
      'error ingress-class: The HTTPRoute names no Gateway.',
    ],
    [
      'that a probe’s method does not match',
      [asHttpRoute(`${under('/kong')}          method: POST\n${FILTER}${TO}`)],
      'error probe-conditions',
    ],
    [
      'that wants a header',
      [asHttpRoute(`${under('/kong')}          headers: [{ name: x-a, value: b }]\n${FILTER}${TO}`)],
      'error probe-conditions: The route wants the header x-a',
    ],
    [
      'with an exact path',
      [asHttpRoute(under('/kong', 'Exact') + FILTER + TO)],
      'error health-route: No Ingress and no HTTPRoute routes "/kong/healthz".',
    ],
    [
      'to a port that the Service does not have',
      [asHttpRoute(under('/kong') + FILTER + TO.replace('8080', '80'))],
      'error backend-service: Service "kong/consumer" has no port 80; it has 8080.',
    ],
    [
      'to a Service of another namespace',
      [asHttpRoute(under('/kong') + FILTER + TO.replace('port', 'namespace: apps, port'))],
      'warning backend-service: There is no Service "apps/consumer" among the files.',
    ],
  ] as const)('%s is found', (_, replace, expected) => {
    expect(found({ replace })).toContainEqual(expect.stringContaining(expected));
  });

  test('a plugin of another namespace counts by its long name, and by no other', () => {
    const elsewhere: NonNullable<Edits['replace']>[number] = [
      '  name: serverless\n  namespace: kong',
      '  name: serverless\n  namespace: plugins',
    ];
    const named = (name: string): NonNullable<Edits['replace']>[number] =>
      asHttpRoute(under('/kong') + TO, { head: `  annotations:\n    konghq.com/plugins: ${name}\n` });
    expect(found({ replace: [elsewhere, named('plugins:serverless')] })).toEqual([]);
    expect(found({ replace: [elsewhere, named('serverless')] })).toEqual([
      expect.stringContaining('error plugin-used'),
    ]);
  });

  test('whose parts are missing or of another kind is read as far as it goes', () => {
    const odd = `    - null
    - matches:
        - null
        - headers: [null, { value: b }]
      filters: [null, { type: ExtensionRef }, { extensionRef: { kind: KongPlugin } }]
    - matches:
        - path: { type: PathPrefix, value: /kong }
      filters:
        - type: ExtensionRef
          extensionRef: { group: configuration.konghq.com, kind: KongPlugin, name: serverless }
      backendRefs:
        - {}
        - { name: consumer, port: 8080 }
`;
    expect(found({ replace: [asHttpRoute(odd)] })).toEqual([]);
  });

  test('of some hosts has a route for each', () => {
    const hosts: NonNullable<Edits['replace']>[number] = [
      '  parentRefs:\n',
      '  hostnames: [a.example, b.example]\n  parentRefs:\n',
    ];
    const probe: NonNullable<Edits['replace']>[number] = ['config:\n', 'config:\n  probe: { host: c.example }\n'];
    expect(found({ replace: [asHttpRoute(under('/kong') + FILTER + TO), hosts, probe] })).toContainEqual(
      expect.stringContaining('its hosts: "a.example", "b.example".'),
    );
  });
});
