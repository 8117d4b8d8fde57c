import { join } from 'node:path';
import { formatProblems, parseConfig } from '../../../src/config/parse';
import { type ManifestDocument, objectIn, parseDocuments, root } from '../../unit/manifests/documents';
import { isTyped, problemsOf } from '../../unit/manifests/schemas';
import { unknownFields } from '../../unit/manifests/unknown-fields';
import { build, describeWith, run, runHelm } from './renderers';

const serverless = join(root, 'dist/serverless');

// Processes by the dozen; a busy machine takes seconds for one.
jest.setTimeout(60_000);

/** `serverless check` over rendered text and further files: what it finds. */
const check = (text: string, ...files: readonly string[]): unknown => {
  const report = JSON.parse(
    run(serverless, ['check', '-o', 'json', '-', ...files.map((file) => join(root, file))], text),
  ) as {
    findings: unknown;
  };
  return report.findings;
};

const expectValid = (documents: readonly ManifestDocument[]): void => {
  expect(documents.length).toBeGreaterThan(0);
  expect(documents.flatMap(({ place, object }) => problemsOf(object).map((problem) => `${place}: ${problem}`))).toEqual(
    [],
  );
  expect(unknownFields(documents.filter(({ object }) => isTyped(object)))).toEqual([]);
};

const named = (documents: readonly ManifestDocument[], kind: string) =>
  documents.filter(({ object }) => object.kind === kind).map(({ object }) => object.metadata.name);

describeWith(build, 'kustomize')('an overlay', () => {
  const render = (folder: string) => build!(join(root, folder));

  test('scaler-dapr and push-and-queue agree with the rest, and so does keda/push in its place', () => {
    const scaler = render('manifests/scaler-dapr');
    expectValid(parseDocuments(scaler, 'scaler-dapr'));
    const others = [
      'manifests/base/kong-plugin.yaml',
      'manifests/base/ingress.yaml',
      'sample/consumer',
      'kong/values.yaml',
    ];
    expect(check([scaler, render('keda/push-and-queue')].join('---\n'), ...others, 'manifests/rabbitmq')).toEqual([]);
    expect(check([scaler, render('keda/push')].join('---\n'), ...others)).toEqual([]);
  });

  test('gateway-api has an HTTPRoute in place of the Ingress, and agrees with the rest', () => {
    const text = render('manifests/gateway-api');
    expectValid(parseDocuments(text, 'gateway-api'));
    expect(named(parseDocuments(text, 'gateway-api'), 'Ingress')).toEqual([]);
    expect(named(parseDocuments(text, 'gateway-api'), 'HTTPRoute')).toEqual(['serverless']);
    const others = [
      'keda/rabbitmq',
      'sample/consumer',
      'manifests/rabbitmq',
      'kong/values.yaml',
      'kong/values-kong3.yaml',
    ];
    expect(check(text, ...others)).toEqual([]);
  });

  test.each(['minikube', 'aws', 'azure', 'gcp', 'arm64'])('%s renders valid objects that agree', (overlay) => {
    const text = render(`manifests/overlays/${overlay}`);
    expectValid(parseDocuments(text, overlay));
    expect(check(text, 'kong/values.yaml')).toEqual([]);
  });

  test.each([
    ['aws', 'snssqs'],
    ['azure', 'servicebus'],
    ['gcp', 'pubsub'],
  ])("%s has the Component of brokers/%s, with nothing left of RabbitMQ's", (overlay, broker) => {
    const documents = parseDocuments(render(`manifests/overlays/${overlay}`), overlay);
    const { spec, auth } = objectIn(
      `manifests/brokers/${broker}/component.yaml`,
      'Component',
      'kong-serverless-plugin',
    );
    const component = documents.find(({ object }) => object.kind === 'Component')!.object;
    expect(component['spec']).toEqual(spec);
    expect(named(documents, 'TriggerAuthentication')).not.toContain('serverless-rabbitmq');
    expect(auth).toBeUndefined();
  });

  test('every settings.yaml reaches both sides, and is not applied itself', () => {
    for (const overlay of ['aws', 'azure', 'gcp']) {
      expect(named(parseDocuments(render(`manifests/overlays/${overlay}`), overlay), 'ConfigMap')).not.toContain(
        'settings',
      );
    }
  });

  test("azure's bus is that of its settings on all three sides: Dapr, KEDA, and who drops expired messages", () => {
    const text = render('manifests/overlays/azure');
    expect(text.match(/kong-serverless\.servicebus\.windows\.net/g)).toHaveLength(2);
    expect(text).toMatch(/namespace: kong-serverless$/m);
    expect(text).toMatch(/name: serverless-sweeper-\w+$/m);
  });

  test('arm64 takes every image from its own registry, onto ARM nodes', () => {
    const deployments = parseDocuments(render('manifests/overlays/arm64'), 'arm64').filter(
      ({ object }) => object.kind === 'Deployment',
    );
    expect(named(deployments, 'Deployment').sort()).toEqual(['bar', 'consumer', 'foo', 'rabbitmq', 'worker']);
    for (const { object } of deployments) {
      expect(object['spec']).toMatchObject({ template: { spec: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } } });
      expect(JSON.stringify(object)).toMatch(/"image":"registry\.example:5000\//);
      expect(JSON.stringify(object)).not.toMatch(/"image":"(?!registry\.example:5000\/)/);
    }
  });

  test.each([
    'sample/foo',
    'sample/bar',
    'sample/grpc',
    'sample/worker/rabbitmq',
    'sample/worker/sqs',
    'manifests/rabbitmq-job',
  ])('%s renders valid objects', (folder) => {
    expectValid(parseDocuments(render(folder), folder));
  });
});

describeWith(runHelm, 'helm')('the chart serverless-backend', () => {
  const chart = join(root, 'charts/serverless-backend');
  const samples = ['sample/foo/backend.yaml', 'sample/bar/backend.yaml', 'kong/values.yaml'];
  const render = (...set: readonly string[]) =>
    runHelm!([
      ...['template', 'backends', chart, '--namespace', 'kong', '--values', join(chart, 'ci/samples-values.yaml')],
      ...set.flatMap((one) => ['--set', one]),
    ]);

  test('passes its own linter', () => {
    expect(() =>
      runHelm!(['lint', '--strict', chart, '--values', join(chart, 'ci/samples-values.yaml')]),
    ).not.toThrow();
  });

  test.each([
    ['rabbitmq', ['broker.type=rabbitmq']],
    ['rabbitmq with the topology operator', ['broker.type=rabbitmq', 'broker.topology=operator']],
    ['sqs', ['broker.type=sqs']],
    ['servicebus', ['broker.type=servicebus', 'broker.namespace=wake']],
    ['pubsub', ['broker.type=pubsub', 'broker.project=wake']],
    ['redis', ['broker.type=redis', 'broker.secret=serverless-redis']],
  ])('renders valid objects that agree, for %s', (_, set) => {
    const text = render(...set);
    const documents = parseDocuments(text, 'chart');
    expectValid(documents);
    expect(named(documents, 'ScaledObject')).toEqual(['bar-scaledobject', 'foo-scaledobject']);
    expect(check(text, ...samples)).toEqual([]);
  });

  const direct = ['manifests/scaler', 'kong/values-push.yaml'];
  const behindDapr = ['manifests/scaler-dapr/scaler.yaml'];
  test.each([
    ['push', ['scaler=push', 'broker.type=none'], ['external-push'], direct, []],
    ['push through RabbitMQ', ['scaler=push'], ['external-push'], behindDapr, ['Component']],
    [
      'both, with RabbitMQ',
      ['scaler=both'],
      ['rabbitmq', 'external-push'],
      behindDapr,
      ['Component', 'TriggerAuthentication', 'CronJob', 'Job'],
    ],
    [
      'both, with Redis',
      ['scaler=both', 'broker.type=redis', 'broker.secret=serverless-redis', 'scalerAppId=serverless-scaler'],
      ['redis-streams', 'external-push'],
      behindDapr,
      ['Component', 'TriggerAuthentication'],
    ],
  ])('%s: KEDA is told, without a broker or beside one', (_, set, types, scaler, kinds) => {
    const text = render(...set);
    const documents = parseDocuments(text, 'chart');
    expectValid(documents);
    expect(check(text, ...samples, ...scaler)).toEqual([]);
    const [scaledObject] = documents.filter(({ object }) => object.kind === 'ScaledObject');
    expect(scaledObject!.object['spec']).toMatchObject({ triggers: types.map((type) => ({ type })) });
    for (const kind of ['Component', 'TriggerAuthentication', 'CronJob', 'Job'])
      expect(named(documents, kind)).toHaveLength(kinds.includes(kind) ? 1 : 0);
    expect(named(documents, 'Subscription')).toHaveLength(kinds.length === 0 ? 0 : 2);
  });

  test('beside a push the queue wants what one gateway can publish, unless the values say otherwise', () => {
    const value = (...set: readonly string[]): unknown => {
      const { object } = parseDocuments(render('scaler=both', ...set), 'chart').find(
        (one) => one.object.metadata.name === 'foo-scaledobject',
      )!;
      return (object['spec'] as { triggers: { metadata: { value: string } }[] }).triggers[0]?.metadata.value;
    };
    expect(value()).toBe('300');
    expect(value('broker.messageTtl=60', 'backends.foo.config.max_message_rate=5')).toBe('300');
    expect(value('broker.messageTtl=60')).toBe('600');
    expect(value('backends.foo.replicas.perMessages=20')).toBe('20');
  });

  test('passes a host to the Ingress and to the probe, and further fields to the plugin', () => {
    const text = render(
      'backends.foo.host=shop.example.com',
      'backends.foo.config.hold_timeout=90000',
      'backends.foo.waitingPage.enabled=true',
      'backends.foo.waitingPage.title=Shop',
      'broker.messageTtl=60',
    );
    const plugin = parseDocuments(text, 'chart').find(
      ({ object }) => object.metadata.name === 'serverless-foo',
    )!.object;
    const parsed = parseConfig(plugin['config']);
    if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
    expect(parsed.backends[0]).toMatchObject({
      target: '/foo',
      probe: { host: 'shop.example.com' },
      policy: { holdTimeoutMs: 90_000, messageTtlMs: 60_000 },
      waitingPage: { afterMs: 1500, title: 'Shop' },
    });
    expect(text).toContain('"x-message-ttl": 60000');
    expect(text).toContain('host: "shop.example.com"');
  });

  test('a backend of gRPC is probed by its health service, which is routed', () => {
    const entry = ['grpc=true', 'path=/sample.Greeter', 'port=5000'].map((field) => `backends.greeter.${field}`);
    const text = render(...entry);
    expect(check(text, ...samples, 'sample/grpc/backend.yaml')).toEqual([]);
    const plugin = parseDocuments(text, 'chart').find(
      ({ object }) => object.metadata.name === 'serverless-greeter',
    )!.object;
    const parsed = parseConfig(plugin['config']);
    expect(parsed).toMatchObject({ ok: true, backends: [{ healthPath: '/grpc.health.v1.Health/Check' }] });
    expect(text).toContain('konghq.com/protocols: grpc,grpcs');
  });

  test("tells check the longest request, which compares it with the Deployment's grace period", () => {
    const text = render('backends.foo.longestRequest=600', 'backends.bar.longestRequest=25');
    expectValid(parseDocuments(text, 'chart'));
    expect(check(text, ...samples)).toEqual([
      expect.objectContaining({ rule: 'pod-grace', message: expect.stringContaining('may take 600 s') }),
    ]);
  });

  test.each([
    ['a backend without a port', ['backends.foo.port=null']],
    ['a misspelt field', ['backends.foo.pth=/x']],
    ['gRPC by a word', ['backends.foo.grpc=yes-please']],
    ['a name that no object can have', ['backends.Foo.path=/x', 'backends.Foo.port=1']],
    ['Service Bus without its namespace', ['broker.type=servicebus']],
    ['a broker that nobody knows', ['broker.type=kafka']],
    ['a queue of no broker', ['broker.type=none']],
    ['a scaler behind a broker that was not tried', ['broker.type=sqs', 'scaler=both']],
  ])('refuses %s', (_, set) => {
    expect(() => render(...set)).toThrow();
  });
});
