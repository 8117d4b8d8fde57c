import type { Clock } from './clock';
import type { Demand } from './keda/demand';
import type { Scaler } from './keda/scaler';
import type { Cluster } from './manifests/cluster';
import type { BackendStatus, ColdStart } from './plugin-server';
import type { Deployment } from './replicas/deployment';
import type { ReplicaPhase } from './replicas/replica';

/** What the page shows of one Deployment. */
export interface BackendView {
  readonly name: string;
  /** The path of requests for it; undefined for a worker, which gets none. */
  readonly path: string | undefined;
  readonly queue: string | undefined;
  /** KEDA is told of it, and reads no queue. */
  readonly pushed: boolean;
  readonly replicas: readonly {
    readonly name: string;
    readonly pid: number | undefined;
    readonly phase: ReplicaPhase;
    readonly ageMs: number;
  }[];
  readonly wanted: number;
  readonly max: number;
  /** State of the plugin's state machine; undefined before a plugin instance has started. */
  readonly state: BackendStatus['state'] | undefined;
  readonly held: number;
  /** Messages in the queue, or requests that the scaler counts; undefined while neither responds. */
  readonly depth: number | undefined;
  readonly sleepsInMs: number | undefined;
  readonly lastProbe: unknown;
  readonly lastPublish: unknown;
  readonly coldStarts: readonly ColdStartView[];
}

/** A cold start: the plugin's times and, between them, the cluster's; milliseconds after the first request. */
export interface ColdStartView extends ColdStart {
  readonly scaledMs: number | undefined;
  readonly replicaMs: number | undefined;
}

/** One point of the timeline. */
export interface TimelinePoint {
  readonly at: number;
  /** Per Deployment: ready replicas, all replicas, held requests, messages. */
  readonly values: Readonly<Record<string, readonly [number, number, number, number]>>;
}

/** Collects what the page shows. */
export class Observer {
  readonly #cluster: Cluster;
  readonly #deployments: readonly Deployment[];
  readonly #scalers: readonly Scaler[];
  readonly #demand: Demand;
  readonly #status: () => Promise<readonly BackendStatus[] | undefined>;
  readonly #clock: Clock;

  constructor(
    cluster: Cluster,
    deployments: readonly Deployment[],
    scalers: readonly Scaler[],
    demand: Demand,
    status: () => Promise<readonly BackendStatus[] | undefined>,
    clock: Clock,
  ) {
    this.#cluster = cluster;
    this.#deployments = deployments;
    this.#scalers = scalers;
    this.#demand = demand;
    this.#status = status;
    this.#clock = clock;
  }

  async look(): Promise<BackendView[]> {
    const statuses = (await this.#status()) ?? [];
    return Promise.all(this.#deployments.map((deployment) => this.#view(deployment, statuses)));
  }

  async #view(deployment: Deployment, statuses: readonly BackendStatus[]): Promise<BackendView> {
    const scaler = this.#scalers.find(({ scaling }) => scaling.target === deployment.name);
    const queue = scaler?.scaling.queue;
    const path = this.#cluster.paths.find(({ workload }) => workload === deployment.workload)?.written;
    const own = path === undefined ? undefined : statuses.find(({ target }) => isUnder(path, target));
    const now = this.#clock.now();
    return {
      name: deployment.name,
      path,
      queue,
      pushed: scaler?.scaling.push !== undefined,
      replicas: deployment.replicas.map(({ name, pid, phase, startedAt }) => ({
        name,
        pid,
        phase,
        ageMs: now - startedAt,
      })),
      wanted: deployment.wanted,
      max: scaler?.scaling.max ?? deployment.wanted,
      state: own?.state,
      held: own?.held ?? 0,
      depth: scaler === undefined ? 0 : await this.#demand.of(scaler.scaling).catch(() => undefined),
      sleepsInMs: scaler?.sleepsInMs,
      lastProbe: own?.lastProbe,
      lastPublish: own?.lastPublish,
      coldStarts: (own?.coldStarts ?? []).map((coldStart) => withWake(coldStart, deployment)).reverse(),
    };
  }
}

/** The values of the views that the timeline shows. */
export function pointOf(views: readonly BackendView[], at: number): TimelinePoint {
  return {
    at,
    values: Object.fromEntries(
      views.map(({ name, replicas, held, depth }) => {
        const ready = replicas.filter(({ phase }) => phase === 'ready').length;
        const present = replicas.filter(({ phase }) => phase !== 'stopping').length;
        return [name, [ready, present, held, depth ?? 0]];
      }),
    ),
  };
}

/** Whether an Ingress path leads to a plugin backend's target: `/kong/` to `/kong`, and `/kong/` to `/kong/consumer`. */
function isUnder(path: string, target: string): boolean {
  const [shorter, longer] = [`${path}/`, `${target}/`]
    .map((text) => text.replace(/\/+$/, '/'))
    .sort((a, b) => a.length - b.length);
  return shorter !== undefined && (longer?.startsWith(shorter) ?? false);
}

function withWake(coldStart: ColdStart, deployment: Deployment): ColdStartView {
  const at = Date.parse(coldStart.at);
  const wake = deployment.wakes.find(({ scaledAt }) => scaledAt >= at && scaledAt <= at + coldStart.readyMs);
  const readyMs = wake?.readyAt === undefined ? undefined : wake.readyAt - at;
  return {
    ...coldStart,
    scaledMs: wake === undefined ? undefined : wake.scaledAt - at,
    // The plugin's probe may pass before the readiness probe does.
    replicaMs: readyMs === undefined || readyMs > coldStart.readyMs ? undefined : readyMs,
  };
}
