import { Daprd } from '../../real-parts/daprd';
import { findPart, partsCache } from '../../real-parts/find';
import { send } from '../../real-parts/http';
import { RabbitMq } from '../../real-parts/rabbitmq';
import { REDIS_PASSWORD, startServer } from '../../real-parts/servers';
import { objectIn } from '../unit/manifests/documents';
import { ScalerRig } from './scaler-rig';
import { stopAll } from './suite';

export const PUBSUB = 'kong-serverless-plugin';
const SCALERS = ['serverless-scaler-0', 'serverless-scaler-1'];
/** Whoever signs requests to moto: it takes any. */
export const AWS_KEYS = { accessKey: 'test', secretKey: 'test' };

/** The parts that a broker needs beside daprd. */
export const BROKERS = ['rabbitmq', 'redis', 'moto', 'pubsub'] as const;
export type BrokerName = (typeof BROKERS)[number];

/** Why the daprd that is there knows no Components of this broker; undefined: it may. */
export const daprdLacks = (broker: BrokerName): string | undefined => {
  const daprd = findPart('daprd');
  const isOfParts = daprd.how === 'binary' && daprd.path.startsWith(partsCache);
  return broker !== 'rabbitmq' && isOfParts
    ? 'the daprd of `npm run parts` has the Components of RabbitMQ only: set DAPRD_BIN to one with all of them'
    : undefined;
};

/** A broker as a Component is to find it. */
interface Found {
  /** The manifest that is the Component of this broker. */
  readonly manifest: string;
  /** In place of what only a cluster or an account has. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  stop(): Promise<void>;
}

const START: Readonly<Record<BrokerName, () => Promise<Found>>> = {
  async rabbitmq() {
    const rabbit = await RabbitMq.start();
    const found = { manifest: 'manifests/base/component.yaml', metadata: { connectionString: rabbit.url }, env: {} };
    return { ...found, port: Number(new URL(rabbit.url).port), stop: () => rabbit.stop() };
  },
  async redis() {
    const server = await startServer('redis');
    const metadata = { redisHost: `127.0.0.1:${server.port}`, redisPassword: REDIS_PASSWORD };
    return { manifest: 'manifests/brokers/redis/component.yaml', metadata, env: {}, ...server };
  },
  async moto() {
    const server = await startServer('moto');
    const metadata = { endpoint: `http://127.0.0.1:${server.port}`, ...AWS_KEYS };
    return { manifest: 'manifests/brokers/snssqs/component.yaml', metadata, env: {}, ...server };
  },
  async pubsub() {
    const server = await startServer('pubsub');
    const env = { PUBSUB_EMULATOR_HOST: `127.0.0.1:${server.port}` };
    return { manifest: 'manifests/brokers/pubsub/component.yaml', metadata: {}, env, ...server };
  },
};

interface Item {
  readonly name: string;
  readonly value?: string;
}

/** Our Component, with this metadata in place of its own. */
const componentOf = ({ manifest, metadata }: Found, more: Readonly<Record<string, string>>): object => {
  const { apiVersion, kind, spec } = objectIn(manifest, 'Component', PUBSUB);
  const { metadata: written, ...rest } = spec as { metadata: readonly Item[] };
  const given = { ...metadata, ...more };
  const kept = written.filter(({ name }) => !(name in given));
  const items = [...kept, ...Object.entries(given).map(([name, value]) => ({ name, value }))];
  return { apiVersion, kind, metadata: { name: PUBSUB }, spec: { ...rest, metadata: items } };
};

/** A broker, the gateway's sidecar, and scalers, each behind a sidecar of its own that subscribes. */
export class BrokerChain {
  private constructor(
    readonly broker: Found,
    readonly gateway: Daprd,
    readonly scalers: readonly ScalerRig[],
    readonly stop: () => Promise<void>,
  ) {}

  /** @param scalerArgs for each scaler, such as where it listens */
  static async start(name: BrokerName, topic: string, scalerArgs: readonly string[] = []): Promise<BrokerChain> {
    const started: { stop(): Promise<unknown> }[] = [];
    const stop = stopAll(() => [...started].reverse());
    const add = <T extends { stop(): Promise<unknown> }>(part: T): T => {
      started.push(part);
      return part;
    };
    try {
      const broker = add(await START[name]());
      const scalers: ScalerRig[] = [];
      for (const podName of SCALERS) {
        const scaler = add(await ScalerRig.start(['--subscribe', `${PUBSUB}/${topic}`, ...scalerArgs]));
        scalers.push(scaler);
        // A consumer of its own: each hears everything. It makes what it subscribes by.
        const subscriber = componentOf(broker, { consumerID: '{podName}', disableEntityManagement: 'false' });
        add(
          await Daprd.start([subscriber], { id: 'serverless-scaler', port: scaler.httpPort, podName, env: broker.env }),
        );
      }
      const gateway = add(await Daprd.start([componentOf(broker, {})], { id: 'serverless', env: broker.env }));
      return new BrokerChain(broker, gateway, scalers, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  /** As the plugin publishes. Returns Dapr's status. */
  async publish(topic: string, ttl: number, message: object = {}): Promise<number> {
    const body = { reason: 'cold-start', backend: '/foo', requests: 1, ttl, gateway: 'node', ...message };
    const answer = await send({
      port: this.gateway.port,
      method: 'POST',
      path: `/v1.0/publish/${PUBSUB}/${topic}?metadata.ttlInSeconds=${ttl}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      timeoutMs: 10_000,
    });
    return answer.status;
  }
}
