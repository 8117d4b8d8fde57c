import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { BackendService } from './backend-service';
import { systemClock } from '../../demo/clock';
import { Events } from '../../demo/events';
import { type GatewayPart, startBuiltInGateway } from '../../demo/gateway-part';
import { Scaler } from '../../demo/keda/scaler';
import type { Broker } from '../../demo/broker/broker';
import { type Cluster, readCluster } from '../../demo/manifests/cluster';
import { Field } from '../../demo/manifests/field';
import { pluginInfo } from '../../demo/plugin-server';
import { startRealKong } from '../../demo/real/kong';
import { routesOf } from '../../demo/routing';
import type { Message } from '../support/fake-dapr';
import { Daprd, rabbitComponent } from '../../real-parts/daprd';
import { findPart } from '../../real-parts/find';
import { projectRoot } from '../../real-parts/guard';
import { type Answer, isBalancerRefusal, send, sendMany, tally } from '../../real-parts/http';
import { freePort } from '../../real-parts/ports';
import { RabbitMq } from '../../real-parts/rabbitmq';
import { Serverless, serverlessFile } from '../../real-parts/serverless';
import { say } from '../support/suite';
import { each, sleep, until } from '../../real-parts/wait';

/** The repository's own manifests, as Minikube gets them. */
const MANIFESTS = [
  ...['manifests/base', 'manifests/rabbitmq/definitions.json', 'keda/rabbitmq'],
  ...['sample/consumer', 'sample/foo', 'sample/bar', 'sample/worker/rabbitmq'],
];

/** Shorter than the manifests' 30 s and 10 s: a whole cycle, and the wait for zero, in seconds. */
export const TTL_MS = 5000;
export const COOLDOWN_MS = 2000;
/** Zero endpoints to one, as KEDA, kubelet and the readiness probe do it in a cluster, in a second. */
const BOOT_MS = 1000;

/** How long the slowest nginx worker takes to follow a push, with some to spare. */
const FOLLOW_MS = 1500;

export const gatewayName = findPart('kong').how === 'missing' ? 'the embedded gateway' : 'a real Kong';

/** What Dapr makes of a message. */
export interface CloudEvent {
  readonly data: Message;
  readonly traceparent?: string;
  readonly topic: string;
  readonly pubsubname: string;
}

/** What `serverless doctor` says of one check. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'error' | 'skipped';
  readonly message: string;
}

export interface ChainOptions {
  /** Laid over the configuration of every KongPlugin. */
  readonly plugin?: Readonly<Record<string, unknown>>;
  /** In place of the manifests' Component for wake-ups. */
  readonly component?: (brokerUrl: string) => object;
  /** Queues that are not declared although the manifests say so. */
  readonly withoutQueues?: readonly string[];
  readonly bootMs?: number;
}

/** The manifests with this suite's times. */
export const clusterOf = ({ plugin = {} }: Pick<ChainOptions, 'plugin'> = {}): Cluster => {
  const cluster = readCluster(projectRoot, MANIFESTS);
  return {
    ...cluster,
    plugins: new Map(
      [...cluster.plugins].map(([name, { plugin: kind, config }]) => [
        name,
        { plugin: kind, config: new Field({ ...config.record(), ...plugin }, config.place, config.path) },
      ]),
    ),
    scalings: cluster.scalings.map((scaling) => ({
      ...scaling,
      cooldownMs: COOLDOWN_MS,
      pollingIntervalMs: Math.min(scaling.pollingIntervalMs, 1000),
    })),
  };
};

/** A Component of the manifests, with the broker's address where they refer to a secret. */
export const componentFor = (cluster: Cluster, name: string, brokerUrl: string): object => {
  const settings =
    cluster.components.find((component) => component.name === name)?.settings ?? new Map<string, string>();
  return rabbitComponent(name, Object.fromEntries([...settings].map(([key, value]) => [key, value ?? brokerUrl])));
};

/** The whole chain: gateway, plugin, real daprd, real RabbitMQ, a scaler by KEDA's rules that reads the real queue, services. */
export class Chain {
  readonly #stops: (() => unknown)[];

  private constructor(
    readonly cluster: Cluster,
    readonly port: number,
    readonly rabbit: RabbitMq,
    readonly daprd: Daprd,
    readonly serverless: Serverless,
    readonly services: ReadonlyMap<string, BackendService>,
    stops: (() => unknown)[],
  ) {
    this.#stops = stops;
  }

  static async start(options: ChainOptions = {}): Promise<Chain> {
    const stops: (() => unknown)[] = [];
    const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
      stops.push(() => part.stop());
      return part;
    };
    try {
      const cluster = clusterOf(options);
      const events = new Events(systemClock);
      const rabbit = keep(await RabbitMq.start());
      for (const { name, ttlMs } of cluster.topology.queues) {
        if (ttlMs === undefined || options.withoutQueues?.includes(name) === true) continue;
        await rabbit.declare({ name, messageTtlMs: TTL_MS });
        await rabbit.declare({ name: tapOf(name), exchange: name, messageTtlMs: 30_000 });
        stops.push(async () => {
          for (const queue of [name, tapOf(name)]) await rabbit.remove(queue).catch(() => undefined);
        });
      }
      const component = options.component?.(rabbit.url) ?? componentFor(cluster, 'kong-serverless-plugin', rabbit.url);
      const daprd = keep(await Daprd.start([component]));

      const port = await freePort();
      const serverless = keep(await Serverless.start({ gatewayPort: port, daprPort: daprd.port }));
      const services = new Map<string, BackendService>();
      const pushed: { gateway?: GatewayPart } = {};
      for (const { name } of cluster.workloads) {
        const service = await BackendService.start(name, options.bootMs ?? BOOT_MS, () =>
          pushed.gateway?.endpointsChanged(),
        );
        services.set(name, service);
      }
      const info = pluginInfo(serverlessFile);
      const routes = routesOf(cluster, info, services, { name: 'page', endpoints: () => [] });
      const shared = { port, plugin: info.name, socketPath: serverless.socket };
      const settings = { appId: 'serverless', readTimeoutMs: 60_000, checkClientAbort: true, syncMs: 1000 };
      const part =
        findPart('kong').how === 'missing'
          ? await startBuiltInGateway({ ...shared, host: '127.0.0.1', ...settings }, routes, events)
          : await startRealKong({ ...shared, dump: info.dump, settings, routes });
      pushed.gateway = part;
      stops.push(() => part.close());
      // Before the gateway: what they push to it has an end then.
      for (const service of services.values()) keep(service);

      for (const scaling of cluster.scalings) {
        const target = services.get(scaling.target);
        if (target === undefined || scaling.target === 'worker') continue;
        const scaler = new Scaler(scaling, target, queueOf(rabbit), systemClock, events);
        scaler.start();
        stops.push(() => {
          scaler.stop();
        });
      }
      return new Chain(cluster, port, rabbit, daprd, serverless, services, stops);
    } catch (error) {
      await each(stops.reverse()).catch(() => undefined);
      throw error;
    }
  }

  service(name: string): BackendService {
    const service = this.services.get(name);
    if (service === undefined) throw new Error(`the manifests have no Deployment '${name}'`);
    return service;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send({ port: this.port, path, headers });
  }

  burst(count: number, path: string): Promise<Answer[]> {
    return sendMany(count, { port: this.port, path });
  }

  /** Waits until so many requests are held for the target. */
  async holds(count: number, target: string): Promise<void> {
    await until(`${count} are held for ${target}`, async () => (await this.serverless.held(target)) === count);
  }

  /** Waits for zero replicas and an empty queue, and until the plugin does not trust its last probe any more. */
  async sleeps(name: string, queue: string, target: string): Promise<void> {
    await until(
      `${name} sleeps`,
      async () => {
        const { backends } = await this.serverless.status();
        const known = backends.find((backend) => backend.target === target);
        const forgotten = known === undefined || known.state === 'idle';
        return this.service(name).wanted === 0 && forgotten && (await this.rabbit.depth(queue)) === 0;
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
    await this.service(name).told();
    // Kong's workers lose the target one after the other (K27). A request that comes meanwhile is another suite's: test/kong.
    await sleep(FOLLOW_MS);
  }

  /** Every message for this queue since the last call, whatever became of it there. */
  async messages(queue: string): Promise<{ event: CloudEvent; expiration: string | undefined }[]> {
    const messages = await this.rabbit.take(tapOf(queue));
    return messages.map(({ payload, properties }) => ({
      event: JSON.parse(payload) as CloudEvent,
      expiration: properties.expiration,
    }));
  }

  /** What `serverless doctor` finds beside this gateway, which may run in this very process, with the repository's KongPlugin. */
  async doctor(): Promise<{ readonly status: number; readonly findings: readonly Finding[] }> {
    return new Promise((resolve, reject) => {
      const args = [
        ...[serverlessFile, 'doctor', '-o', 'json', '--config', join(projectRoot, 'manifests/base/kong-plugin.yaml')],
        ...['--socket', this.serverless.socket, '--gateway-url', `http://127.0.0.1:${this.port}`],
        ...['--dapr-http-port', String(this.daprd.port), '--status-listen', `127.0.0.1:${this.serverless.statusPort}`],
        ...['--rabbitmq-management-url', this.rabbit.managementUrl],
      ];
      execFile(process.execPath, args, (error, stdout, stderr) => {
        const status = error === null ? 0 : error.code;
        if (typeof status !== 'number' || stdout === '') reject(new Error(`doctor ended with ${status}: ${stderr}`));
        else resolve({ status, findings: (JSON.parse(stdout) as { findings: readonly Finding[] }).findings });
      });
    });
  }

  async stop(): Promise<void> {
    await each(this.#stops.splice(0).reverse());
  }
}

/** A second queue of the exchange, which a test may empty without the scaler noticing. */
const tapOf = (queue: string): string => `${queue}.tap`;

/** The scaler asks for the depth, and nothing else. */
export const queueOf = (rabbit: RabbitMq): Broker => ({ depth: (queue: string) => rabbit.depth(queue) }) as Broker;

/** What became of the requests of a fault, in the words of the report. */
export const figures = (fault: string, answers: readonly Answer[]): void => {
  const counts = tally(answers);
  const letThrough = answers.filter(
    (answer) => isBalancerRefusal(answer) || answer.status === 502 || answer.status === 504,
  ).length;
  say(
    `fault: ${fault}: sent ${answers.length}, 200: ${counts['200'] ?? 0}, 503: ${(counts['503'] ?? 0) - answers.filter(isBalancerRefusal).length}, ` +
      `lost ${counts['0'] ?? 0}, let through ${letThrough}`,
  );
};
