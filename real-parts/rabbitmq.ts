import { findPart } from './find';
import { type Answer, send } from './http';
import { type BrokerProcess, startBroker } from './rabbitmq-server';
import { until } from './wait';

/** A queue, a fanout exchange and their binding, as in the predecessor. */
export interface Topology {
  readonly name: string;
  /** Default: of the same name. */
  readonly exchange?: string;
  /** The queue's message TTL, milliseconds; default: none. */
  readonly messageTtlMs?: number;
  /** Names the queue type explicitly: Dapr does so for a subscriber's queue, and a redeclaration must be equal. */
  readonly classic?: boolean;
}

/** A message as the management API shows it. */
export interface QueuedMessage {
  readonly payload: string;
  readonly properties: {
    readonly expiration?: string;
    readonly content_type?: string;
    readonly delivery_mode?: number;
  };
}

interface QueueTotals {
  readonly name: string;
  readonly messages?: number;
  readonly messages_ready?: number;
}

/** RabbitMQ with its management API: `RABBITMQ_URL` and `RABBITMQ_MANAGEMENT_URL`, a private one, or Docker. */
export class RabbitMq {
  readonly #management: URL;
  readonly #broker: BrokerProcess | undefined;

  private constructor(
    /** `amqp://…` */
    readonly url: string,
    management: URL,
    broker: BrokerProcess | undefined,
  ) {
    this.#management = management;
    this.#broker = broker;
  }

  /** One that runs already. */
  static at(url: string, management: URL): RabbitMq {
    return new RabbitMq(url, management, undefined);
  }

  static async start(): Promise<RabbitMq> {
    const found = findPart('rabbitmq');
    if (found.how === 'missing') throw new Error(found.why);
    if (found.how === 'url') {
      return RabbitMq.at(found.url, new URL(process.env.RABBITMQ_MANAGEMENT_URL ?? ''));
    }
    const broker = await startBroker(found);
    const management = new URL(`http://guest:guest@127.0.0.1:${broker.managementPort}`);
    return new RabbitMq(`amqp://guest:guest@127.0.0.1:${broker.amqpPort}/`, management, broker);
  }

  /** With user and password. */
  get managementUrl(): string {
    return this.#management.href;
  }

  /** Whether we have started it, and may kill it. */
  get isPrivate(): boolean {
    return this.#broker !== undefined;
  }

  async declare({ name, exchange = name, messageTtlMs, classic = false }: Topology): Promise<void> {
    await this.#expect('PUT', `/exchanges/%2f/${exchange}`, { type: 'fanout', durable: true });
    await this.#expect('PUT', `/queues/%2f/${name}`, {
      durable: true,
      arguments: {
        ...(messageTtlMs === undefined ? {} : { 'x-message-ttl': messageTtlMs }),
        ...(classic ? { 'x-queue-type': 'classic' } : {}),
      },
    });
    await this.#expect('POST', `/bindings/%2f/e/${exchange}/q/${name}`, {});
  }

  async removeQueue(name: string): Promise<void> {
    await this.#call('DELETE', `/queues/%2f/${name}`);
  }

  /** Removes queue and exchange. */
  async remove(name: string): Promise<void> {
    await this.removeQueue(name);
    await this.#call('DELETE', `/exchanges/%2f/${name}`);
  }

  /** Ready messages, as KEDA counts them. The list without statistics is at most 0.5 s old, the queue's own page up to 5 s (D10). */
  async depth(name: string): Promise<number> {
    return (await this.#queue(name)).messages_ready ?? 0;
  }

  /** Messages that are ready, or delivered and not acknowledged yet. */
  async unsettled(name: string): Promise<number> {
    return (await this.#queue(name)).messages ?? 0;
  }

  /** Publishes a message as another program would. */
  async publish(exchange: string, payload: string): Promise<void> {
    await this.#expect('POST', `/exchanges/%2f/${exchange}/publish`, {
      properties: { delivery_mode: 2 },
      routing_key: '',
      payload,
      payload_encoding: 'string',
    });
  }

  async purge(name: string): Promise<void> {
    await this.#expect('DELETE', `/queues/%2f/${name}/contents`);
  }

  /** Takes all messages out of a queue, oldest first. */
  async take(name: string): Promise<QueuedMessage[]> {
    const answer = await this.#expect('POST', `/queues/%2f/${name}/get`, {
      count: 10_000,
      ackmode: 'ack_requeue_false',
      encoding: 'auto',
    });
    return JSON.parse(answer.body) as QueuedMessage[];
  }

  /** SIGKILL. `resume` restores durable queues and persistent messages. */
  async kill(): Promise<void> {
    if (this.#broker === undefined) throw new Error('this broker is not ours to kill');
    await this.#broker.kill();
  }

  async resume(): Promise<void> {
    await this.#broker?.resume();
  }

  async stop(): Promise<void> {
    await this.#broker?.stop();
  }

  /** Whether the management API responds and the broker reports no alarm. */
  async isUp(): Promise<boolean> {
    return (await this.#call('GET', '/health/checks/alarms')).status === 200;
  }

  async #queue(name: string): Promise<QueueTotals> {
    const answer = await this.#expect('GET', '/queues/%2f?disable_stats=true&enable_queue_totals=true');
    const queue = (JSON.parse(answer.body) as QueueTotals[]).find((one) => one.name === name);
    if (queue === undefined) throw new Error(`there is no queue '${name}'`);
    return queue;
  }

  #call(method: string, path: string, body?: object): Promise<Answer> {
    const { username, password, hostname, port } = this.#management;
    return send({
      host: hostname,
      port: Number(port === '' ? 80 : port),
      method,
      path: `/api${path}`,
      headers: {
        authorization: `Basic ${Buffer.from(`${username || 'guest'}:${password || 'guest'}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: 10_000,
    });
  }

  async #expect(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.#call(method, path, body);
    if (answer.status >= 300) throw new Error(`RabbitMQ: ${method} ${path}: ${answer.status} ${answer.body}`);
    return answer;
  }
}

/** Waits until the queue holds `wanted` messages. */
export const depthBecomes = (rabbit: RabbitMq, queue: string, wanted: number, timeoutMs = 10_000): Promise<true> =>
  until(`queue ${queue} holds ${wanted}`, async () => (await rabbit.depth(queue)) === wanted, {
    timeoutMs,
    everyMs: 50,
  });
