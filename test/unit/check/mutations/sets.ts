import type { Severity } from '../../../../src/check/rule';

export type SetName =
  | 'RabbitMQ'
  | 'RabbitMQ with its operator'
  | 'push and RabbitMQ'
  | 'foo'
  | 'bar'
  | 'SNS and SQS'
  | 'Service Bus'
  | 'Pub/Sub'
  | 'Redis Streams';

const gateway = ['manifests/base/kong-plugin.yaml', 'manifests/base/ingress.yaml', 'kong/values.yaml'];
const rabbit = [
  'manifests/base/component.yaml',
  'manifests/rabbitmq/definitions.json',
  'keda/rabbitmq/trigger-authentication.yaml',
];
const cloud = (broker: string, scaler: string): readonly string[] => [
  ...gateway,
  `manifests/brokers/${broker}/component.yaml`,
  `keda/${scaler}`,
  'sample/consumer',
];

/** What is applied together. */
export const sets: Record<SetName, readonly string[]> = {
  RabbitMQ: [...gateway, ...rabbit, 'keda/rabbitmq/scaled-object.yaml', 'sample/consumer'],
  'RabbitMQ with its operator': [
    ...gateway,
    'manifests/base/component.yaml',
    'manifests/rabbitmq-operator',
    'keda/rabbitmq',
    'sample/consumer',
  ],
  'push and RabbitMQ': [
    ...gateway,
    'manifests/rabbitmq/definitions.json',
    'manifests/scaler-dapr',
    'keda/push-and-queue',
    'sample/consumer',
  ],
  foo: ['kong/values.yaml', ...rabbit, 'sample/foo'],
  bar: ['kong/values.yaml', ...rabbit, 'sample/bar'],
  'SNS and SQS': [...cloud('snssqs', 'sqs'), 'manifests/brokers/snssqs/topology.yaml'],
  'Service Bus': cloud('servicebus', 'servicebus'),
  'Pub/Sub': cloud('pubsub', 'pubsub'),
  'Redis Streams': cloud('redis', 'redis'),
};

/** Sets whose broker is RabbitMQ. */
export const RABBIT: readonly SetName[] = ['RabbitMQ', 'RabbitMQ with its operator', 'push and RabbitMQ', 'foo', 'bar'];

/** One way to break a manifest, and the rule that must report it. */
export interface Mutation {
  readonly name: string;
  /** The files that are changed. */
  readonly in: RegExp;
  readonly find: RegExp;
  readonly replace: string;
  readonly rule: string;
  /** `error` unless given. */
  readonly severity?: Severity;
  /** Sets it makes sense for; all unless given. */
  readonly only?: readonly SetName[];
}
