import { checkEdited, type Edits, found, HEALTH_ROUTE, plugin } from './edited';

const withOther: NonNullable<Edits['replace']>[number] = ['plugins: serverless', 'plugins: serverless, other'];

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
