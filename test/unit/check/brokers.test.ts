import { type Edits, found, plugin } from './edited';

type Replace = NonNullable<Edits['replace']>;

const NO_TOPOLOGY: Replace[number] = [/---\napiVersion: rabbitmq[^]*$/, ''];
const POLICY = (spec: string): string => `apiVersion: rabbitmq.com/v1beta1
kind: Policy
metadata:
  name: ttl
  namespace: kong
spec: ${spec}
`;
const SCALED_OBJECT = (name: string, rest = ''): string => `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: ${name}, namespace: kong}
spec:
  scaleTargetRef: {name: consumer}
  pollingInterval: 1
${rest}`;

describe('the Component', () => {
  test.each([
    ['protectedTopics', 'serverless', 'error topic-scope: "serverless" is protected'],
    ['publishingScopes', 'serverless=', 'error topic-scope: publishingScopes does not let'],
  ])('%s %s is found', (name, value, expected) => {
    const replace: Replace = [
      ['  metadata:\n    - name', `  metadata:\n    - name: ${name}\n      value: ${value}\n    - name`],
    ];
    expect(found({ replace })).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    ['publishingScopes', 'worker=jobs'],
    ['publishingScopes', 'worker=jobs;serverless=a, serverless'],
    ['allowedTopics', 'a,serverless'],
  ])('%s %s lets the gateway publish', (name, value) => {
    const replace: Replace = [
      ['  metadata:\n    - name', `  metadata:\n    - name: ${name}\n      value: ${value}\n    - name`],
    ];
    expect(found({ replace })).toEqual([]);
  });

  test.each([
    ['host', 'amqp://user:${PASSWORD}@rabbitmq', []],
    ['host', 'amqp://rabbitmq:5672', []],
    ['connectionString', 'Endpoint=sb://x/;SharedAccessKey=abc', ['connectionString']],
    ['redisPassword', '""', []],
    ['redisPassword', 'abc', ['redisPassword']],
  ])('a password in %s %s is found, and not repeated', (name, value, expected) => {
    const replace: Replace = [
      ['  metadata:\n    - name', `  metadata:\n    - name: ${name}\n      value: ${value}\n    - name`],
    ];
    const findings = found({ replace });
    expect(findings).toEqual(
      expected.map((field) => `warning inline-secret: ${field} holds a password in clear text.`),
    );
  });

  test('Components of other building blocks, of kustomize and of other apps are left alone', () => {
    const add =
      'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: kong-serverless-plugin}\nspec: {type: state.redis}\n---\n' +
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: {name: kong-serverless-plugin}\n---\n' +
      'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: jobs}\nspec: {type: pubsub.rabbitmq}\nscopes: [worker]\n';
    expect(found({ add })).toEqual([]);
  });

  test('a broker that the rules do not know is not judged', () => {
    expect(found({ replace: [['type: pubsub.rabbitmq', 'type: pubsub.kafka']] })).toEqual([]);
  });

  test('metadata is found whatever its case, and an exchange kind of its own is respected', () => {
    const replace: Replace = [
      ['deletedWhenUnused', 'deletedwhenunused'],
      ['  metadata:\n    - name', '  metadata:\n    - name: exchangeKind\n      value: topic\n    - name'],
    ];
    expect(found({ replace })).toEqual([expect.stringContaining("its type is fanout, Dapr's topic")]);
    expect(found({ replace: [...replace, ['type: fanout', 'type: topic']] })).toEqual([]);
  });
});

describe('the queue', () => {
  const noTtl: Replace[number] = [/ {2}arguments:\n {4}x-message-ttl: 30000\n/, ''];

  test('a policy may give it its TTL', () => {
    expect(found({ replace: [noTtl] })).toEqual([expect.stringContaining('error queue-ttl')]);
    expect(found({ replace: [noTtl], add: POLICY('{pattern: ^server, definition: {message-ttl: 30000}}') })).toEqual(
      [],
    );
  });

  test.each([
    '{pattern: ^other, definition: {message-ttl: 30000}}',
    '{pattern: ^server, definition: {max-length: 30000}}',
    '{pattern: ^server, applyTo: exchanges, definition: {message-ttl: 30000}}',
    '{pattern: "(", definition: {message-ttl: 30000}}',
  ])('the policy %s does not', (spec) => {
    expect(found({ replace: [noTtl], add: POLICY(spec) })).toEqual([expect.stringContaining('error queue-ttl')]);
  });

  test('a TTL of an hour keeps a backend up for an hour', () => {
    expect(found({ replace: [['x-message-ttl: 30000', 'x-message-ttl: 3600000']] })).toEqual([
      expect.stringMatching(/warning queue-ttl: .* 3600 s/),
    ]);
  });

  test('bound to nothing of the topic: what is bound instead is named', () => {
    const replace: Replace = [
      [/queueName: .*/, 'queueName: other'],
      [/(kind: Queue\n[^]*?)(?=---)/, '$1---\n$1'],
      ['spec:\n  name: serverless\n  durable', 'spec:\n  name: other\n  durable'],
    ];
    expect(found({ replace })).toEqual([
      'error queue-bound: Queue "other" is not bound to topic "serverless"; bound is "serverless".',
    ]);
  });

  test('without the topology, another name is only suspicious', () => {
    expect(found({ replace: [NO_TOPOLOGY] })).toEqual([]);
    expect(found({ replace: [NO_TOPOLOGY, [/queueName: .*/, 'queueName: kong']] })).toEqual([
      expect.stringContaining('warning queue-name'),
    ]);
  });

  test("a topic of Service Bus must be the plugin's", () => {
    const replace: Replace = [
      NO_TOPOLOGY,
      [/type: pubsub.rabbitmq[^]*?(?=---)/, 'type: pubsub.azure.servicebus.topics\n'],
      [
        /type: rabbitmq\n[^]*?(?= {6}auth)/,
        'type: azure-servicebus\n      metadata: {topicName: serverless, subscriptionName: kong}\n',
      ],
    ];
    expect(found({ replace })).toEqual([]);
    expect(found({ replace: [...replace, ['topicName: serverless', 'topicName: kong']] })).toEqual([
      'error queue-name: The trigger reads topic "kong", the plugin publishes to "serverless".',
    ]);
  });

  test('a queue named by the environment is not judged', () => {
    const replace: Replace = [NO_TOPOLOGY, [/queueName: .*/, 'queueNameFromEnv: QUEUE']];
    expect(found({ replace })).toEqual([]);
  });

  test.each(['!Ref Queue', '{Ref: Queue}', '{"Fn::GetAtt": [Queue, QueueName]}', 'arn:aws:sqs:eu-west-1:1:serverless'])(
    'CloudFormation names a subscribed queue by %s',
    (endpoint) => {
      const template = (topic: string): string => `AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: serverless, MessageRetentionPeriod: '60'}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: ${topic}
      Endpoint: ${endpoint}
      Other: !GetAtt Queue.Arn
      More: !Sub a-\${Queue}
`;
      const replace: Replace = [
        NO_TOPOLOGY,
        [/type: pubsub.rabbitmq[^]*?(?=---)/, 'type: pubsub.aws.snssqs\n'],
        [
          /type: rabbitmq\n[^]*?(?= {6}auth)/,
          'type: aws-sqs-queue\n      metadata: {queueURL: https://sqs/1/serverless}\n',
        ],
      ];
      expect(found({ replace, add: template('arn:aws:sns:eu-west-1:1:serverless') })).toEqual([]);
      expect(found({ replace, add: template('{"Fn::ImportValue": topic}') })).toEqual([
        expect.stringContaining('error queue-bound'),
      ]);
    },
  );
});

describe('the ScaledObject', () => {
  test('a trigger without any way to its broker is found', () => {
    expect(found({ replace: [[/ {6}authenticationRef:\n.*\n/, '']] })).toEqual([
      expect.stringContaining('error trigger-auth'),
    ]);
    expect(
      found({
        replace: [
          [/ {6}authenticationRef:\n.*\n/, ''],
          ['queueName', 'hostFromEnv: A\n        queueName'],
        ],
      }),
    ).toEqual([]);
  });

  test('a ClusterTriggerAuthentication is for every namespace', () => {
    const add = 'apiVersion: keda.sh/v1alpha1\nkind: ClusterTriggerAuthentication\nmetadata: {name: rabbitmq}\n';
    expect(found({ add })).toEqual([]);
    expect(found({ add: add.replace('Cluster', '') })).toEqual([expect.stringContaining('error trigger-auth')]);
  });

  test('an activation value of 0, in words or numbers, is what KEDA does anyway', () => {
    expect(found({ replace: [['mode:', "activationValue: '0'\n        mode:"]] })).toEqual([]);
    expect(found({ replace: [['mode:', 'activationValue: none\n        mode:']] })).toEqual([]);
  });

  test('a HorizontalPodAutoscaler beside it is found', () => {
    const add =
      'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: consumer, namespace: kong}\nspec:\n  scaleTargetRef: {kind: Deployment, name: consumer}\n';
    expect(found({ add })).toEqual([
      expect.stringContaining('error one-scaled-object: Deployment kong/consumer is scaled by'),
    ]);
    expect(found({ add: add.replace('spec:', 'x:').replace('{kind: Deployment, name: consumer}', '{}') })).toEqual([]);
  });

  test('the same ScaledObject for several brokers is one, of which one is applied', () => {
    const other = SCALED_OBJECT(
      'consumer-scaledobject',
      '  triggers:\n    - type: aws-sqs-queue\n      metadata: {queueURL: serverless}\n',
    );
    expect(found({ add: other })).toEqual([]);
  });

  test('what scales something else than a Deployment is not looked for', () => {
    const add = SCALED_OBJECT('rollout').replace('{name: consumer}', '{kind: Rollout, name: x}');
    expect(found({ add })).toEqual([]);
  });

  test('a trigger that reads no queue does not stand in the way of one that does', () => {
    expect(
      found({ replace: [['  triggers:\n', '  triggers:\n    - type: cron\n      metadata: {start: 0 8 * * *}\n']] }),
    ).toEqual([]);
  });

  test('a long poll of a worker that no plugin wakes is its own business', () => {
    const worker = SCALED_OBJECT('worker-scaledobject', '  triggers: []\n')
      .replace('{name: consumer}', '{kind: Rollout, name: worker}')
      .replace('pollingInterval: 1', 'pollingInterval: 30');
    expect(found({ add: worker })).toEqual([]);
  });

  test('without the Deployment among the files, the ScaledObject is found by the name of the Service', () => {
    const replace: Replace = [[/---\napiVersion: v1\nkind: Service[^]*?(?=---\napiVersion: rabbitmq)/, '']];
    expect(found({ replace })).toEqual([]);
    expect(found({ replace: [...replace, ['pollingInterval: 1', 'pollingInterval: 10']] })).toEqual([
      expect.stringContaining('warning polling-interval'),
    ]);
  });
});

describe('the backend', () => {
  test('a StatefulSet can sleep too', () => {
    const replace: Replace = [
      ['kind: Deployment', 'kind: StatefulSet'],
      ['scaleTargetRef:', 'scaleTargetRef:\n    kind: StatefulSet'],
    ];
    expect(found({ replace })).toEqual([]);
  });

  test('a readiness probe without a path has none that could differ', () => {
    expect(found({ replace: [[/httpGet:\n.*\n.*\n/, 'tcpSocket: {port: 80}\n']] })).toEqual([]);
  });

  test('a direct probe is compared by the path of its URL', () => {
    const url = (path: string): Replace => [
      ['config:', `config:\n  probe:\n    url: http://consumer.kong.svc:8080${path}`],
    ];
    expect(found({ replace: url('/kong/healthz?full=1') })).toEqual([]);
    expect(found({ replace: url('/ready') })).toEqual([expect.stringContaining('warning readiness-path')]);
  });

  test('a hold_timeout that is too short is pointed at itself', () => {
    const replace: Replace = [
      ['config:', 'config:\n  hold_timeout: 1500'],
      ['periodSeconds: 1', 'periodSeconds: 1\n            successThreshold: 2'],
    ];
    expect(found({ replace })).toEqual([
      "warning hold-deadline: A request is held for 1500 ms; KEDA's poll and the readinessProbe alone may take 3000 ms.",
    ]);
  });

  test('the initial delay of a startupProbe counts', () => {
    const replace: Replace = [
      ['          readinessProbe:', '          startupProbe: {initialDelaySeconds: 60}\n          readinessProbe:'],
    ];
    expect(found({ replace })).toEqual([expect.stringContaining('error hold-deadline')]);
  });

  test('two backends with one Deployment may share a queue', () => {
    const second = '    - target: /kong/b\n      pubsub: kong-serverless-plugin\n      topic: serverless\n';
    expect(found({ replace: [[/(?<=topic: serverless\n)(?=---)/, second]] })).toEqual([]);
  });

  test('a configuration in a Secret is not judged', () => {
    const add = plugin('serverless', '')
      .replace('config: ', 'configFrom: {secretKeyRef: {name: a, key: b}}')
      .replace('name: other', 'name: other2');
    expect(found({ replace: [['plugins: serverless', 'plugins: serverless, other2']], add })).toEqual([]);
  });

  test('a plugin without a configuration is an error', () => {
    const add = plugin('serverless', '');
    expect(found({ replace: [['plugins: serverless', 'plugins: serverless, other']], add })).toEqual([
      expect.stringContaining('error plugin-config'),
    ]);
  });
});

describe('the gateway', () => {
  const VALUES = `env:
  plugins: bundled, serverless
  pluginserver_names: serverless
podAnnotations:
  dapr.io/enabled: 'true'
  dapr.io/app-id: serverless
terminationGracePeriodSeconds: 60
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
