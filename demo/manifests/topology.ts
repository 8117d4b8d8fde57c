import type { Field } from './field';

/** What the broker holds before anybody publishes. */
export interface Topology {
  readonly exchanges: readonly string[];
  readonly queues: readonly QueueSpec[];
  readonly bindings: readonly { readonly exchange: string; readonly queue: string }[];
}

export interface QueueSpec {
  readonly name: string;
  /** How long a message lives; undefined: until somebody takes it. */
  readonly ttlMs: number | undefined;
}

/** Reads a RabbitMQ definitions file: fanout exchanges, queues with or without a TTL, and the bindings between them. */
export function topologyOf(body: Field): Topology {
  body.only('exchanges', 'queues', 'bindings', 'rabbit_version', 'vhosts', 'users', 'permissions', 'policies');
  return {
    exchanges: body
      .get('exchanges')
      .items()
      .map((exchange) => {
        if (exchange.get('type').string() !== 'fanout') exchange.get('type').fail('the demo has only fanout exchanges');
        return exchange.get('name').string();
      }),
    queues: body
      .get('queues')
      .items()
      .map((queue) => ({ name: queue.get('name').string(), ttlMs: ttlOf(queue.get('arguments')) })),
    bindings: body
      .get('bindings')
      .items()
      .map((binding) => {
        const type = binding.get('destination_type');
        if (type.stringOr('queue') !== 'queue') type.fail('the demo binds only queues');
        return { exchange: binding.get('source').string(), queue: binding.get('destination').string() };
      }),
  };
}

function ttlOf(queueArguments: Field): number | undefined {
  queueArguments.only('x-message-ttl', 'x-queue-type');
  const ttl = queueArguments.get('x-message-ttl');
  return ttl.isAbsent() ? undefined : ttl.integer();
}
