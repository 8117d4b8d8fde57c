import { type Edits, found } from './edited';

type Replace = NonNullable<Edits['replace']>;

const NO_TOPOLOGY: Replace[number] = [/---\napiVersion: rabbitmq[^]*$/, ''];

const POLICY = (spec: string): string => `apiVersion: rabbitmq.com/v1beta1
kind: Policy
metadata:
  name: ttl
  namespace: kong
spec: ${spec}
`;

const SWEEPER = (list: string, queues: string, other: string, kind = 'Deployment'): string => {
  const pod = {
    template: {
      spec: {
        containers: [
          {
            env: [
              { name: other, value: 'x' },
              { name: list, value: queues },
            ],
          },
        ],
      },
    },
  };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: pod } } : pod;
  return `kind: ${kind}\nmetadata: {name: sweeper, namespace: kong}\nspec: ${JSON.stringify(spec)}\n`;
};

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
    const add = SWEEPER('QUEUES', 'serverless/subscriptions/kong kong/subscriptions/kong', 'SERVICE_BUS');
    expect(found({ replace, add })).toEqual([]);
    expect(found({ replace: [...replace, ['topicName: serverless', 'topicName: kong']], add })).toEqual([
      'error queue-name: The trigger reads topic "kong", the plugin publishes to "serverless".',
    ]);
  });

  const serviceBus: Replace = [
    NO_TOPOLOGY,
    [/type: pubsub.rabbitmq[^]*?(?=---)/, 'type: pubsub.azure.servicebus.queues\n'],
    [/type: rabbitmq\n[^]*?(?= {6}auth)/, 'type: azure-servicebus\n      metadata: {queueName: serverless}\n'],
  ];
  const redis: Replace = [
    NO_TOPOLOGY,
    [/type: pubsub.rabbitmq[^]*?(?=---)/, 'type: pubsub.redis\n  metadata:\n    - name: streamTTL\n      value: 30s\n'],
    [/type: rabbitmq\n[^]*?(?= {6}auth)/, 'type: redis-streams\n      metadata: {stream: serverless}\n'],
  ];

  test.each([
    ['Service Bus', serviceBus, ['QUEUES', 'a\n serverless', 'SERVICE_BUS'] as const],
    ['Redis', redis, ['STREAMS', 'serverless b', 'REDISCLI_AUTH'] as const],
  ])('expired messages of %s need a sweeper that knows the queue', (_, replace, [list, names, other]) => {
    expect(found({ replace, add: SWEEPER(list, names, other) })).toEqual([]);
    expect(found({ replace, add: SWEEPER(list, names, other, 'CronJob') })).toEqual([]);
    expect(found({ replace })).toEqual(['warning expired-messages: Nobody drops expired messages from "serverless".']);
    expect(found({ replace, add: SWEEPER(list, 'a b', other) })).toEqual([
      'warning expired-messages: "serverless" is not among the queues that the sweeper looks at: "a", "b".',
    ]);
    // Another application's container that happens to have such a variable.
    expect(found({ replace, add: SWEEPER(list, 'serverless', 'OTHER') })).toHaveLength(1);
    const noPods: Replace[number] = [/---\napiVersion: v1\nkind: Service[^]*$/, ''];
    expect(found({ replace: [...replace, noPods] })).toEqual([]);
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
