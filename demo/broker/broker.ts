/** A message in an exchange or a queue. */
export interface Message {
  readonly body: string;
  /** The message's own time to live; the queue's counts too, and the shorter one wins. */
  readonly ttlMs: number | undefined;
  /** Written to disk: it outlives the broker (D6). */
  readonly persistent: boolean;
}

/** A message taken from a queue: it is not gone before it is acknowledged. */
export interface Delivery {
  readonly body: string;
  acknowledge(): void;
  /** Puts it back, for another consumer. */
  giveBack(): void;
}

/** Thrown by every call while the broker is stopped. */
export class BrokerGone extends Error {
  constructor() {
    super('the broker is stopped');
  }
}

/** What the stack needs of a broker: RabbitMQ's own model, exchanges that copy to queues. */
export interface Broker {
  /** For people: what it is. */
  readonly description: string;
  readonly running: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
  /** Copies the message to each queue bound to the exchange; with none bound it vanishes, as in RabbitMQ (D3). */
  publish(exchange: string, message: Message): Promise<void>;
  /** Messages that are ready: neither taken nor expired. */
  depth(queue: string): Promise<number>;
  take(queue: string): Promise<Delivery | undefined>;
}
