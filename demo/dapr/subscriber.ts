import type { Broker, Delivery } from '../broker/broker';
import { every } from '../clock';
import type { Clock } from '../clock';
import type { Component } from '../manifests/component';

/** One entry of an application's `GET /dapr/subscribe`. */
interface Subscription {
  readonly pubsubname: string;
  readonly topic: string;
  readonly route: string;
}

/** How often an empty queue is polled. */
const IDLE_MS = 100;

/**
 * The sidecar of one subscribing replica: asks the replica for its topics, takes messages from the queue `<app id>-<topic>`, as Dapr
 * names it, and posts them to the replica. A message is acknowledged by 200 and requeued otherwise.
 */
export class Subscriber {
  #stopped = false;
  #stops: (() => void)[] = [];
  readonly #appId: string;
  readonly #endpoint: string;
  readonly #components: readonly Component[];
  readonly #broker: Broker;
  readonly #clock: Clock;

  constructor(appId: string, endpoint: string, components: readonly Component[], broker: Broker, clock: Clock) {
    this.#appId = appId;
    this.#endpoint = endpoint;
    this.#components = components;
    this.#broker = broker;
    this.#clock = clock;
  }

  /** Starts to take messages. Rejects if the application does not list its topics. */
  async start(): Promise<void> {
    const response = await fetch(`http://${this.#endpoint}/dapr/subscribe`);
    const subscriptions = (await response.json()) as Subscription[];
    if (this.#stopped) return;
    for (const { pubsubname, topic, route } of subscriptions) {
      const component = this.#components.find(({ name, scopes }) => {
        return name === pubsubname && (scopes.length === 0 || scopes.includes(this.#appId));
      });
      if (component === undefined) throw new Error(`${this.#appId}: no component ${pubsubname}`);
      const atOnce = component.prefetch === 0 ? 10 : component.prefetch;
      for (let consumer = 0; consumer < atOnce; consumer++) {
        this.#stops.push(every(this.#clock, IDLE_MS, () => this.#drain(`${this.#appId}-${topic}`, route)));
      }
    }
  }

  /** Takes no more messages. One in progress is requeued unless the application still finishes it. */
  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #drain(queue: string, route: string): Promise<void> {
    while (!this.#stopped) {
      const delivery = await this.#broker.take(queue).catch(() => undefined);
      if (delivery === undefined) return;
      await this.#deliver(delivery, route);
    }
  }

  async #deliver(delivery: Delivery, route: string): Promise<void> {
    try {
      const headers = { 'Content-Type': 'application/cloudevents+json' };
      const response = await fetch(`http://${this.#endpoint}${route}`, {
        method: 'POST',
        headers,
        body: delivery.body,
      });
      await response.arrayBuffer();
      if (response.ok) delivery.acknowledge();
      else delivery.giveBack();
    } catch {
      delivery.giveBack();
    }
  }
}
