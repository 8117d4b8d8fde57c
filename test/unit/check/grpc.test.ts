import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayFacts } from '../../../src/manifests/set';
import { checkSources } from '../../../src/check/run';

const sample = join(__dirname, '../../../sample/grpc');

/** The rules of routes and probes on the sample's Ingress, KongPlugin and workload after one edit: what is not among these files is missing. */
const found = (from: string | RegExp, to: string, gateway: Partial<GatewayFacts> = {}): string[] => {
  const texts = ['gateway', 'backend']
    .map((name) => readFileSync(join(sample, `${name}.yaml`), 'utf8'))
    .join('\n---\n');
  const text = texts.replace(from, to);
  if (from !== '' && text === texts) throw new Error(`nothing to replace: ${String(from)}`);
  const facts = { appId: undefined, namespace: 'kong', url: 'http://127.0.0.1:8000', skip: [], ...gateway };
  return checkSources([{ file: 'sample.yaml', text, namespace: 'kong' }], facts)
    .findings.filter(({ rule }) => /^(probe-|health-route|readiness-path|plugin-config)/.test(rule))
    .map(({ rule, message, fix }) => `${rule}: ${message} ${fix}`);
};

test('the sample is right', () => {
  expect(found('', '')).toEqual([]);
});

test('a probe of HTTP on a route that takes gRPC only', () => {
  const plain = '  backend:\n    - health: /healthz\n      target: /sample.Greeter';
  expect(found('  probe:\n    grpc: true\n  backend:\n    - target: /sample.Greeter', plain)).toContainEqual(
    expect.stringMatching(
      /^probe-protocol: The route accepts grpc, grpcs only; the probe comes by http\. Write probe: \{grpc: true\}/,
    ),
  );
});

test('a probe of gRPC on a route that takes HTTP', () => {
  expect(found('    konghq.com/protocols: grpc,grpcs\n', '')).toContainEqual(
    expect.stringMatching(
      /^probe-protocol: The route accepts http, https only; the probe comes by grpcs\. Write konghq\.com\/protocols/,
    ),
  );
});

test('a route that takes the other of the two kinds of gRPC', () => {
  expect(found('protocols: grpc,grpcs', 'protocols: grpc')).toContainEqual(
    expect.stringMatching(
      /^probe-protocol: .* the probe comes by grpcs\. Let the route accept both, or set .*SERVERLESS_GATEWAY_GRPC_URL/,
    ),
  );
  expect(found('protocols: grpc,grpcs', 'protocols: grpc', { grpcUrl: 'http://127.0.0.1:9080' })).toEqual([]);
  expect(found('protocols: grpc,grpcs', 'protocols: grpcs', { grpcUrl: 'http://127.0.0.1:9080' })).toHaveLength(1);
});

test('a health service that no route leads to', () => {
  expect(found('- path: /grpc.health.v1.Health', '- path: /other')).toContainEqual(
    expect.stringMatching(/^health-route: No Ingress and no HTTPRoute routes "\/grpc\.health\.v1\.Health\/Check"\./),
  );
});

test('asked directly, it needs no route', () => {
  expect(
    found(
      /grpc: true([^]*)- path: \/grpc\.health\.v1\.Health/,
      'grpc: true\n    url: http://greeter.kong.svc:5000$1- path: /other',
    ),
  ).toEqual([]);
});
