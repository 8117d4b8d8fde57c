import type { Clock } from '../clock';
import type { Topology } from '../manifests/topology';
import { BrokerStopped } from './broker';
import type { Broker, Delivery, Message } from './broker';
import { MessageQueue } from './queue';

/** A broker in this process, with the exchanges, queues and bindings of the manifests. */
export class BuiltInBroker implements Broker {
  readonly description = 'built in';
  running = true;
  readonly #queues: ReadonlyMap<string, MessageQueue>;
  readonly #bound: ReadonlyMap<string, readonly MessageQueue[]>;

  /** Throws when a binding names a queue or an exchange that the topology does not have. */
  constructor(topology: Topology, clock: Clock) {
    this.#queues = new Map(topology.queues.map((spec) => [spec.name, new MessageQueue(spec, clock)]));
    for (const { exchange } of topology.bindings) {
      if (!topology.exchanges.includes(exchange))
        throw new Error(`a binding names exchange ${exchange}, which is not there`);
    }
    this.#bound = new Map(
      topology.exchanges.map((exchange) => [
        exchange,
        topology.bindings
          .filter((binding) => binding.exchange === exchange)
          .map((binding) => this.#queue(binding.queue)),
      ]),
    );
  }

  start(): Promise<void> {
    this.running = true;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.running = false;
    for (const queue of this.#queues.values()) queue.forgetTransient();
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.stop();
  }

  publish(exchange: string, message: Message): Promise<void> {
    return this.#whileRunning(() => {
      for (const queue of this.#bound.get(exchange) ?? []) queue.add(message);
    });
  }

  depth(queue: string): Promise<number> {
    return this.#whileRunning(() => this.#queue(queue).depth());
  }

  take(queue: string): Promise<Delivery | undefined> {
    return this.#whileRunning(() => this.#queue(queue).take());
  }

  #whileRunning<T>(act: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (!this.running) throw new BrokerStopped();
      resolve(act());
    });
  }

  #queue(name: string): MessageQueue {
    const queue = this.#queues.get(name);
    // RabbitMQ answers KEDA's scaler alike: 404 until the queue exists.
    if (queue === undefined) throw new Error(`no queue '${name}'`);
    return queue;
  }
}
