import { freePort } from '../../real-parts/ports';
import { each, sleep, until } from '../../real-parts/wait';
import { KubernetesAccount } from '../support/kubernetes-account';
import { Cluster } from './cluster';
import { FaultyDapr } from './faulty-dapr';
import { type FaultRoute, type Gateway, startGateway } from './gateway';
import type { Incident } from './judge';
import { Ledger } from './ledger';
import { Pod } from './pod';
import { BACKENDS, HOLD_MS, LEASE_MS, PATIENT, PATIENT_BOOT_MS, PATIENT_HOLD_MS, TTL_MS } from './schedule';
import { Servers } from './servers';

const PUBSUB = 'kong-serverless-plugin';
/** The one Host that the backend `hosts` takes. */
export const HOST = 'shop.example.com';
/** The default: how long Kong's workers may take to follow the first. */
const SETTLE_MS = 1000;

/** How long a request for a backend is held at most, milliseconds. */
export const holdMsOf = (backend: string): number => (backend === PATIENT ? PATIENT_HOLD_MS : HOLD_MS);

const configOf = (target: string, topic: string): object => ({
  interval: 100,
  hold_timeout: holdMsOf(topic),
  lease: LEASE_MS,
  message_ttl: TTL_MS / 1000,
  probe: { settle: SETTLE_MS },
  no_wake: [{ class: 'bot' }],
  backend: [{ target, health: '/healthz', pubsub: PUBSUB, topic }],
});

const routeTo = (backend: string, name = backend, path = `/${name}`): FaultRoute => ({
  ...{ name, path, backend, config: configOf(`/${backend}`, backend) },
  preserveHost: true,
});

/** One route for each backend, and two plugins that name the same one. */
const ROUTES: readonly FaultRoute[] = [
  ...[...BACKENDS, PATIENT].map((name) => routeTo(name)),
  routeTo('shared', 'shared-again', '/shared/again'),
];

/** Paths of requests for a backend, its routes in turn. */
export const pathsOf = (backend: string): readonly string[] =>
  ROUTES.filter((route) => route.backend === backend).map(({ path }) => `${path}/`);

/** A message that Dapr accepted. */
export interface Published {
  readonly topic: string;
  readonly reason: string;
  readonly at: number;
}

/** A gateway node, its plugin servers, Dapr, a cluster, and the ledger that all of them write to. */
export class World {
  readonly ledger = new Ledger();
  readonly incidents: Incident[] = [];
  /** What Dapr accepted. */
  readonly published: Published[] = [];
  bootMs = 400;

  private constructor(
    readonly gateway: Gateway,
    readonly servers: Servers,
    readonly dapr: FaultyDapr,
    readonly cluster: Cluster,
    readonly pods: ReadonlyMap<string, Pod>,
    /** Undefined: the plugin server does not see Kubernetes. */
    readonly kubernetes: KubernetesAccount | undefined,
  ) {}

  /**
   * @param seesKubernetes whether the plugin server follows the pods, and releases at their addresses
   * @param file another build of the plugin server than `dist/serverless`
   */
  static async start(seesKubernetes: boolean, file?: string): Promise<World> {
    const running: { readonly stop: () => Promise<void> }[] = [];
    const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
      running.push({ stop: () => started.stop() });
      return started;
    };
    // What the parts report, the world has; it is there before any of them can.
    const told: { world?: World } = {};
    try {
      const dapr = keep(
        await FaultyDapr.start((topic, reason) => {
          told.world?.published.push({ topic, reason, at: performance.now() });
          told.world?.cluster.enqueue(topic);
        }),
      );
      const pods = new Map<string, Pod>();
      for (const name of [...BACKENDS, PATIENT]) {
        const host = name === 'hosts' ? { host: HOST } : {};
        pods.set(
          name,
          await Pod.make({ name, ...host, onRequest: (id, served) => told.world?.ledger.serve(id, served) }),
        );
      }
      const kubernetes = seesKubernetes ? keep(await KubernetesAccount.start()) : undefined;
      for (const name of pods.keys()) kubernetes?.pod(name);
      const port = await freePort();
      const servers = keep(
        await Servers.start({
          ...{ gatewayPort: port, daprPort: dapr.port, env: kubernetes?.env ?? { SERVERLESS_KUBERNETES: 'off' } },
          file,
          onIncident: (incident) => told.world?.incidents.push(incident),
        }),
      );
      const gateway = keep(await startGateway({ routes: ROUTES, socket: servers.active.socket, port }));
      const cluster = new Cluster({
        pods,
        push: (targets) => gateway.push(targets),
        tellPod: (name, pod) => kubernetes?.pod(name, pod && { address: '127.0.0.1', ...pod }),
        bootMs: (name) => (name === PATIENT ? PATIENT_BOOT_MS : (told.world?.bootMs ?? 0)),
      });
      told.world = new World(gateway, servers, dapr, cluster, pods, kubernetes);
      return told.world;
    } catch (error) {
      await each(running.reverse().map((one) => () => one.stop())).catch(() => undefined);
      throw error;
    }
  }

  /** For how long a request may go to a backend that is gone: the lease, and a probe that was on its way. */
  get trustMs(): number {
    return Math.max(LEASE_MS, 2 * SETTLE_MS) + 300;
  }

  /** The API server is gone for a while, and every watch with it. */
  async withoutApiServer(forMs: number): Promise<void> {
    const api = this.kubernetes?.api;
    if (api === undefined) return;
    api.refuses = 503;
    api.endWatches('destroy');
    await sleep(forMs);
    api.refuses = undefined;
  }

  /** Waits until nothing is held. False: something is, for ever. */
  async isQuiet(): Promise<boolean> {
    return until('nothing is held', async () => (await this.servers.active.held()) === 0, { timeoutMs: 3000 }).catch(
      () => false,
    );
  }

  async stop(): Promise<void> {
    const { cluster, gateway, servers, dapr, kubernetes } = this;
    await each([
      () => cluster.close(),
      () => gateway.stop(),
      () => servers.stop(),
      () => dapr.stop(),
      () => kubernetes?.stop(),
    ]);
  }
}
