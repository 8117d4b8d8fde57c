import type { Clock } from '../clock';
import type { QueueSpec } from '../manifests/topology';
import type { Delivery, Message } from './broker';

interface Stored {
  readonly body: string;
  readonly persistent: boolean;
  /** Milliseconds since the epoch; Infinity for a message that does not expire. */
  readonly expiresAt: number;
}

/** One queue. As in RabbitMQ, an expired message is dropped only once it reaches the head of the queue. */
export class MessageQueue {
  #messages: Stored[] = [];
  readonly #spec: QueueSpec;
  readonly #clock: Clock;

  constructor(spec: QueueSpec, clock: Clock) {
    this.#spec = spec;
    this.#clock = clock;
  }

  add(message: Message): void {
    const ttlMs = Math.min(message.ttlMs ?? Infinity, this.#spec.ttlMs ?? Infinity);
    const { body, persistent } = message;
    this.#messages.push({ body, persistent, expiresAt: this.#clock.now() + ttlMs });
  }

  /** Ready messages. */
  depth(): number {
    this.#dropExpired();
    return this.#messages.length;
  }

  /** The oldest message, hidden from other consumers until it is acknowledged or requeued. */
  take(): Delivery | undefined {
    this.#dropExpired();
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    return {
      body: message.body,
      acknowledge: () => undefined,
      giveBack: () => {
        this.#messages.unshift(message);
      },
    };
  }

  /** Drops what a crash of the broker would lose: messages that were not written to disk. */
  forgetTransient(): void {
    this.#messages = this.#messages.filter(({ persistent }) => persistent);
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    const alive = this.#messages.findIndex(({ expiresAt }) => expiresAt > now);
    this.#messages = alive < 0 ? [] : this.#messages.slice(alive);
  }
}
