import type { Clock } from '../clock';
import type { QueueSpec } from '../manifests/topology';
import type { Delivery, Message } from './broker';

interface Stored {
  readonly body: string;
  readonly persistent: boolean;
  /** Milliseconds since the epoch; Infinity for a message that does not expire. */
  readonly expiresAt: number;
}

/** One queue. As in RabbitMQ, an expired message leaves when it is at the head: first in, first out, also for the dead. */
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

  /** Messages that are ready. */
  depth(): number {
    this.#dropExpired();
    return this.#messages.length;
  }

  /** The oldest message, out of the way of other consumers until it is acknowledged or given back. */
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

  /** What is left after the broker has died: a message that was not written to disk is gone. */
  forgetTransient(): void {
    this.#messages = this.#messages.filter(({ persistent }) => persistent);
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    const alive = this.#messages.findIndex(({ expiresAt }) => expiresAt > now);
    this.#messages = alive < 0 ? [] : this.#messages.slice(alive);
  }
}
