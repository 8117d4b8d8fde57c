import { findPart } from '../../real-parts/find';
import { startBroker } from '../../real-parts/rabbitmq-server';
import type { BrokerProcess } from '../../real-parts/rabbitmq-server';
import { BrokerStopped } from '../broker/broker';
import type { Broker, Delivery, Message } from '../broker/broker';
import type { QueueSpec, Topology } from '../manifests/topology';
import { Management } from './management';

/** A real RabbitMQ, used through its management API: one that runs already, or a private one. */
export class RabbitMq implements Broker {
  running = true;
  readonly #server: BrokerProcess | undefined;

  private constructor(
    readonly description: string,
    /** `amqp://…` */
    readonly url: string,
    /** Its management API. */
    readonly management: Management,
    server: BrokerProcess | undefined,
  ) {
    this.#server = server;
  }

  /** Finds or starts the broker and declares the topology. Rejects with a message for people. */
  static async open(topology: Topology): Promise<RabbitMq> {
    const found = findPart('rabbitmq');
    if (found.how === 'missing') throw new Error(`--rabbitmq: ${found.why}`);
    const server = found.how === 'url' ? undefined : await startBroker(found);
    try {
      const url = found.how === 'url' ? found.url : `amqp://guest:guest@127.0.0.1:${server?.amqpPort ?? 0}/`;
      const api =
        server === undefined ? process.env['RABBITMQ_MANAGEMENT_URL'] : `http://127.0.0.1:${server.managementPort}`;
      const management = new Management(new URL(api ?? ''));
      const overview = (await management.call('GET', '/overview')) as { rabbitmq_version: string };
      await management.call('POST', '/definitions', definitionsOf(topology));
      return new RabbitMq(`RabbitMQ ${overview.rabbitmq_version}`, url, management, server);
    } catch (error) {
      await server?.stop();
      throw error;
    }
  }

  async start(): Promise<void> {
    await this.#server?.resume();
    this.running = true;
  }

  /** Kills it. Rejects if it is not ours. */
  async stop(): Promise<void> {
    if (this.#server === undefined) throw new Error('this RabbitMQ is not ours to stop');
    this.running = false;
    await this.#server.kill();
  }

  /** Shuts it down for good; one that is not ours keeps running. */
  async close(): Promise<void> {
    await this.#server?.stop();
  }

  async publish(exchange: string, { body, ttlMs, persistent }: Message): Promise<void> {
    const expiration = ttlMs === undefined ? {} : { expiration: String(ttlMs) };
    await this.#call('POST', `/exchanges/%2f/${encodeURIComponent(exchange)}/publish`, {
      properties: { delivery_mode: persistent ? 2 : 1, ...expiration },
      routing_key: '',
      payload: body,
      payload_encoding: 'string',
    });
  }

  /** The list without statistics is at most 0.5 s behind (D10). */
  async depth(queue: string): Promise<number> {
    const list = await this.#call('GET', '/queues/%2f?disable_stats=true&enable_queue_totals=true');
    const found = (list as { name: string; messages_ready?: number }[]).find(({ name }) => name === queue);
    if (found === undefined) throw new Error(`no queue '${queue}'`);
    return found.messages_ready ?? 0;
  }

  async take(queue: string): Promise<Delivery | undefined> {
    const taken = await this.#call('POST', `/queues/%2f/${encodeURIComponent(queue)}/get`, {
      count: 1,
      ackmode: 'ack_requeue_false',
      encoding: 'auto',
    });
    const [message] = taken as { payload: string }[];
    if (message === undefined) return undefined;
    return {
      body: message.payload,
      // The management API acknowledges on delivery, so requeueing means publishing again.
      acknowledge: () => undefined,
      giveBack: () => {
        const again = { properties: { delivery_mode: 2 }, routing_key: queue, payload: message.payload };
        void this.#call('POST', '/exchanges/%2f/amq.default/publish', { ...again, payload_encoding: 'string' }).catch(
          () => undefined,
        );
      },
    };
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    if (!this.running) throw new BrokerStopped();
    return this.management.call(method, path, body);
  }
}

/** The topology as a definitions file has it. */
function definitionsOf({ exchanges, queues, bindings }: Topology): object {
  const vhost = '/';
  const kept = { vhost, durable: true, auto_delete: false };
  return {
    exchanges: exchanges.map((name) => ({ ...kept, name, type: 'fanout', internal: false, arguments: {} })),
    queues: queues.map(({ name, ttlMs }: QueueSpec) => ({
      ...{ ...kept, name },
      arguments: ttlMs === undefined ? {} : { 'x-message-ttl': ttlMs },
    })),
    bindings: bindings.map(({ exchange, queue }) => ({
      ...{ source: exchange, vhost, destination: queue, destination_type: 'queue' },
      ...{ routing_key: '', arguments: {} },
    })),
  };
}
