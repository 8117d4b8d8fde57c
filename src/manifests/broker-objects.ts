import type { Broker } from './brokers';
import type { Place } from './manifest';

/** A queue, subscription or topic as a file declares it to its broker. */
export interface Queue {
  readonly broker: Broker;
  readonly name: string;
  readonly place: Place;
  /** How long a message stays at most; undefined: for ever, or for longer than a backend may stay up. */
  readonly ttlMs: number | undefined;
  readonly ttlPlace: Place;
}

export interface Exchange {
  readonly name: string;
  readonly place: Place;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
}

/** A route from an exchange (RabbitMQ) or topic (SNS, Pub/Sub) to a queue. */
export interface Binding {
  readonly broker: Broker;
  readonly source: string;
  readonly destination: string;
  readonly place: Place;
}

/** What documents declare to brokers. */
export interface Topology {
  readonly queues: readonly Queue[];
  readonly exchanges: readonly Exchange[];
  readonly bindings: readonly Binding[];
}

/** Whether any file declares queues of this broker: only then can a missing one be told. */
export function declares(topology: Topology, broker: Broker): boolean {
  return topology.queues.some((queue) => queue.broker === broker);
}
