import type { Topology as TopologyView } from '../../src/manifests/broker-objects';

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

/** What the documents declare to RabbitMQ, as the demo's broker takes it. */
export function brokerTopology({ exchanges, queues, bindings }: TopologyView): Topology {
  return {
    exchanges: exchanges.map(({ name }) => name),
    queues: queues.map(({ name, ttlMs }) => ({ name, ttlMs })),
    bindings: bindings.map(({ source, destination }) => ({ exchange: source, queue: destination })),
  };
}
