/** Brokers whose names the rules can compare across Dapr, KEDA and the broker's own objects. */
export type Broker = 'rabbitmq' | 'sqs' | 'servicebus' | 'pubsub' | 'redis';

const COMPONENTS: readonly (readonly [RegExp, Broker])[] = [
  [/^pubsub\.rabbitmq$/, 'rabbitmq'],
  [/^pubsub\.(aws\.)?snssqs$/, 'sqs'],
  [/^pubsub\.azure\.servicebus(\.queues|\.topics)?$/, 'servicebus'],
  [/^pubsub\.gcp\.pubsub$/, 'pubsub'],
  [/^pubsub\.redis$/, 'redis'],
];

/** The broker of a Dapr component type; undefined for one that the rules do not know. */
export function brokerOfComponent(type: string): Broker | undefined {
  return COMPONENTS.find(([pattern]) => pattern.test(type))?.[1];
}

/** How one of KEDA's scalers names the queue that it reads. */
export interface Scaler {
  readonly broker: Broker;
  /** Metadata that may hold the name, in this order. */
  readonly queueFields: readonly string[];
  /** The name in what is written there. */
  readonly queueName: (written: string) => string;
}

const asWritten = (name: string): string => name;
/** The end of a queue's URL, or of `projects/p/subscriptions/s`. */
const lastSegment = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const SCALERS: readonly (readonly [RegExp, Scaler])[] = [
  [/^rabbitmq$/, { broker: 'rabbitmq', queueFields: ['queueName'], queueName: asWritten }],
  [/^aws-sqs-queue$/, { broker: 'sqs', queueFields: ['queueURL'], queueName: lastSegment }],
  [
    /^azure-servicebus$/,
    { broker: 'servicebus', queueFields: ['queueName', 'subscriptionName'], queueName: asWritten },
  ],
  [/^gcp-pubsub$/, { broker: 'pubsub', queueFields: ['subscriptionName', 'topicName'], queueName: lastSegment }],
  [/^redis-(cluster-|sentinel-)?streams$/, { broker: 'redis', queueFields: ['stream'], queueName: asWritten }],
];

/** The scaler of a trigger type; undefined for one that reads no queue of a broker that the rules know. */
export function scalerOf(type: string): Scaler | undefined {
  return SCALERS.find(([pattern]) => pattern.test(type))?.[1];
}
