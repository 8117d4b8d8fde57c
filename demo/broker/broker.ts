/** A message in an exchange or a queue. */
export interface Message {
  readonly body: string;
  /** The message's own time to live; the shorter of it and the queue's applies. */
  readonly ttlMs: number | undefined;
  /** Written to disk: it outlives the broker (D6). */
  readonly persistent: boolean;
}

/** A message taken from a queue. It is redelivered unless it is acknowledged. */
export interface Delivery {
  readonly body: string;
  acknowledge(): void;
  /** Requeues it for another consumer. */
  giveBack(): void;
}

/** Thrown by every call while the broker is stopped. */
export class BrokerStopped extends Error {
  constructor() {
    super('the broker is stopped');
  }
}

/** What the demo needs of a broker, in RabbitMQ's model: exchanges copy messages to queues. */
export interface Broker {
  /** For people: what it is. */
  readonly description: string;
  readonly running: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Shuts it down for good. */
  close(): Promise<void>;
  /** Copies the message to each queue bound to the exchange; with none bound it is dropped, as in RabbitMQ (D3). */
  publish(exchange: string, message: Message): Promise<void>;
  /** Ready messages: neither taken nor expired. */
  depth(queue: string): Promise<number>;
  take(queue: string): Promise<Delivery | undefined>;
}
