import { isRecord } from '../core/types';
import { KUBERNETES } from './host-defaults';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { items, numeric, strings, text } from './value';

/** What KEDA scales: a Deployment or a StatefulSet. Its numbers are Kubernetes' defaults where the file has none. */
export interface Workload {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly gracePeriodMs: number;
  readonly containers: readonly Container[];
  /** The readiness probes of its containers. */
  readonly readiness: readonly ReadinessProbe[];
}

export interface Container {
  readonly place: Place;
  readonly ports: readonly ContainerPort[];
  readonly readiness: ReadinessProbe | undefined;
  readonly preStop: PreStop | undefined;
}

/** The hook that runs before a container gets SIGTERM; the grace period goes on meanwhile. */
export interface PreStop {
  /** How long it sleeps; 0 where it does not say so. */
  readonly sleepMs: number;
}

export interface ContainerPort {
  readonly number: number | undefined;
  readonly name: string | undefined;
}

export interface ReadinessProbe {
  readonly place: Place;
  /** Undefined: not an HTTP probe. */
  readonly path: string | undefined;
  /** Number or name. */
  readonly port: string | undefined;
  /** From the container's start to the first probe: its own delay, or that of the startup probe where that is longer. */
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successes: number;
  readonly failures: number;
}

const POD: Path = ['spec', 'template', 'spec'];
/** Where a workload says how long its pods have to end. */
export const GRACE_PERIOD: Path = [...POD, 'terminationGracePeriodSeconds'];
/** Where a workload has its containers. */
export const CONTAINERS: Path = [...POD, 'containers'];

/** Deployments and StatefulSets. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet').map(readWorkload);
}

function readWorkload(manifest: Manifest): Workload {
  const seconds = numeric(manifest.get(...GRACE_PERIOD));
  const containers = items(manifest.get(...CONTAINERS)).map((_, index) =>
    readContainer(manifest, [...CONTAINERS, index]),
  );
  return {
    manifest,
    namespace: manifest.namespace,
    labels: strings(manifest.get('spec', 'template', 'metadata', 'labels')),
    annotations: strings(manifest.get('spec', 'template', 'metadata', 'annotations')),
    replicas: numeric(manifest.get('spec', 'replicas')) ?? KUBERNETES.replicas,
    gracePeriodMs: seconds === undefined ? KUBERNETES.gracePeriodMs : seconds * 1000,
    containers,
    readiness: containers.map(({ readiness }) => readiness).filter((probe) => probe !== undefined),
  };
}

function readContainer(manifest: Manifest, at: Path): Container {
  return {
    place: manifest.place(...at),
    ports: items(manifest.get(...at, 'ports')).map((_, index) => ({
      number: numeric(manifest.get(...at, 'ports', index, 'containerPort')),
      name: text(manifest.get(...at, 'ports', index, 'name')),
    })),
    readiness: isRecord(manifest.get(...at, 'readinessProbe')) ? readReadiness(manifest, at) : undefined,
    preStop: isRecord(manifest.get(...at, 'lifecycle', 'preStop')) ? readPreStop(manifest, at) : undefined,
  };
}

/** Kubernetes' own `sleep`, or the command: `[sleep, '5']` as well as `[sh, -c, 'sleep 5; nginx -s quit']`. */
function readPreStop(manifest: Manifest, container: Path): PreStop {
  const hook: Path = [...container, 'lifecycle', 'preStop'];
  const command = items(manifest.get(...hook, 'exec', 'command')).map((word) => text(word) ?? '');
  const [, written, unit] = /\bsleep ([\d.]+)([sm]?)\b/.exec(command.join(' ')) ?? [];
  const seconds =
    numeric(manifest.get(...hook, 'sleep', 'seconds')) ?? (numeric(written) ?? 0) * (unit === 'm' ? 60 : 1);
  return { sleepMs: seconds * 1000 };
}

function readReadiness(manifest: Manifest, container: Path): ReadinessProbe {
  const at = [...container, 'readinessProbe'];
  const number = (name: keyof typeof KUBERNETES.probe): number | undefined => numeric(manifest.get(...at, name));
  const { probe: otherwise } = KUBERNETES;
  const startupDelay = numeric(manifest.get(...container, 'startupProbe', 'initialDelaySeconds')) ?? 0;
  const isHttp = isRecord(manifest.get(...at, 'httpGet'));
  return {
    place: manifest.place(...at),
    path: isHttp ? (text(manifest.get(...at, 'httpGet', 'path')) ?? otherwise.path) : undefined,
    port: text(manifest.get(...at, 'httpGet', 'port')),
    initialDelayMs: Math.max(startupDelay, number('initialDelaySeconds') ?? otherwise.initialDelaySeconds) * 1000,
    periodMs: (number('periodSeconds') ?? otherwise.periodSeconds) * 1000,
    timeoutMs: (number('timeoutSeconds') ?? otherwise.timeoutSeconds) * 1000,
    successes: number('successThreshold') ?? otherwise.successThreshold,
    failures: number('failureThreshold') ?? otherwise.failureThreshold,
  };
}

/** The earliest time from a container's start to Ready, and the latest when the application is up at once; milliseconds. */
export function readyAfterMs({ initialDelayMs, periodMs, successes }: ReadinessProbe): {
  readonly earliest: number;
  readonly latest: number;
} {
  return { earliest: initialDelayMs + periodMs * (successes - 1), latest: initialDelayMs + periodMs * successes };
}
