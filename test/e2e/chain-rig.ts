import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { BackendService } from './backend-service';
import { systemClock } from '../../demo/clock';
import { Journal } from '../../demo/journal';
import type { DemoGateway } from '../../demo/gateway';
import { startBuiltInGateway } from '../../demo/kong/built-in';
import { kongVersion } from '../../demo/kong/version';
import { Scaler } from '../../demo/keda/scaler';
import { QueueDemand } from '../../demo/keda/demand';
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

/** Shorter than the manifests' 30 s and 10 s, so that a whole cycle takes seconds. */
export const TTL_MS = 5000;
export const COOLDOWN_MS = 2000;
/** From the scale-out to the first endpoint. In a cluster, kubelet and readiness probe take about as long. */
const BOOT_MS = 1000;

/** How long the slowest nginx worker takes to take over a push, with some margin. */
const FOLLOW_MS = 1500;

export const gatewayName = findPart('kong').how === 'missing' ? 'the embedded gateway' : 'a real Kong';

/** A message as Dapr wraps it. */
export interface CloudEvent {
  readonly data: Message;
  readonly traceparent?: string;
  readonly topic: string;
  readonly pubsubname: string;
}

/** The result of one check of `serverless doctor`. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'error' | 'skipped';
  readonly message: string;
}

export interface ChainRigOptions {
  /** Overrides fields of every KongPlugin's configuration. */
  readonly plugin?: Readonly<Record<string, unknown>>;
  /** Replaces the manifests' Component for wake-ups. */
  readonly component?: (brokerUrl: string) => object;
  /** Queues of the manifests that are not declared. */
  readonly withoutQueues?: readonly string[];
  readonly bootMs?: number;
}

/** The manifests with this suite's times. */
export const clusterOf = ({ plugin = {} }: Pick<ChainRigOptions, 'plugin'> = {}): Cluster => {
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

/** A Component of the manifests, with the broker's address instead of the reference to a secret. */
export const componentFor = (cluster: Cluster, name: string, brokerUrl: string): object => {
  const settings =
    cluster.components.find((component) => component.name === name)?.settings ?? new Map<string, string>();
  return rabbitComponent(name, Object.fromEntries([...settings].map(([key, value]) => [key, value ?? brokerUrl])));
};

/** The whole chain: gateway, plugin, real daprd, real RabbitMQ, a scaler with KEDA's rules on the real queue, backends. */
export class ChainRig {
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

  static async start(options: ChainRigOptions = {}): Promise<ChainRig> {
    const stops: (() => unknown)[] = [];
    const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
      stops.push(() => started.stop());
      return started;
    };
    try {
      const cluster = clusterOf(options);
      const journal = new Journal(systemClock);
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
      const serverless = keep(
        await Serverless.start({ gatewayPort: port, daprPort: daprd.port, args: ['--debug-errors', 'true'] }),
      );
      const services = new Map<string, BackendService>();
      const pushed: { gateway?: DemoGateway } = {};
      for (const { name } of cluster.workloads) {
        const service = await BackendService.start(name, options.bootMs ?? BOOT_MS, () =>
          pushed.gateway?.endpointsChanged(),
        );
        services.set(name, service);
      }
      const info = pluginInfo(serverlessFile);
      const routes = routesOf(cluster, info, services, { name: 'page', endpoints: () => [] });
      const shared = { port, plugin: info.name, socketPath: serverless.socket };
      const settings = {
        appId: 'serverless',
        readTimeoutMs: 60_000,
        checkClientAbort: true,
        upstreamIdleMs: 10_000,
        syncMs: 1000,
      };
      const gateway =
        findPart('kong').how === 'missing'
          ? await startBuiltInGateway(
              { ...shared, version: kongVersion('2.8.1'), host: '127.0.0.1', ...settings },
              routes,
              journal,
            )
          : await startRealKong({ ...shared, dump: info.dump, settings, routes });
      pushed.gateway = gateway;
      stops.push(() => gateway.close());
      // Stopped before the gateway: they push to it.
      for (const service of services.values()) keep(service);

      for (const scaling of cluster.scalings) {
        const target = services.get(scaling.target);
        if (target === undefined || scaling.target === 'worker') continue;
        const scaler = new Scaler(scaling, target, queueOf(rabbit), systemClock, journal);
        scaler.start();
        stops.push(() => {
          scaler.stop();
        });
      }
      return new ChainRig(cluster, port, rabbit, daprd, serverless, services, stops);
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

  /** Waits until this many requests are held for the target. */
  async holds(count: number, target: string): Promise<void> {
    await until(`${count} are held for ${target}`, async () => (await this.serverless.held(target)) === count);
  }

  /** Waits for zero replicas, an empty queue, and the end of the plugin's lease. */
  async sleeps(name: string, queue: string, target: string): Promise<void> {
    await until(
      `${name} sleeps`,
      async () => {
        const { backends } = await this.serverless.status();
        const known = backends.find((backend) => backend.target === target);
        const forgotten = known === undefined || ['idle', 'asleep'].includes(known.state);
        return this.service(name).wanted === 0 && forgotten && (await this.rabbit.depth(queue)) === 0;
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
    await this.service(name).told();
    // Kong's workers lose the target one after the other (K27). Requests meanwhile are tested in test/kong.
    await sleep(FOLLOW_MS);
  }

  /** All messages routed to this queue since the last call, even if they have expired there. */
  async messages(queue: string): Promise<{ cloudEvent: CloudEvent; expiration: string | undefined }[]> {
    const messages = await this.rabbit.take(tapOf(queue));
    return messages.map(({ payload, properties }) => ({
      cloudEvent: JSON.parse(payload) as CloudEvent,
      expiration: properties.expiration,
    }));
  }

  /** Runs `serverless doctor` against this gateway, with the repository's KongPlugin. Async: the gateway may run in this process. */
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

/** A second queue of the exchange, which a test may empty without affecting the scaler. */
const tapOf = (queue: string): string => `${queue}.tap`;

/** The scaler only asks for the depth. */
export const queueOf = (rabbit: RabbitMq): QueueDemand => new QueueDemand(rabbit);

/** Prints how the requests during a fault ended. */
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
