import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { entries, isRecord, items, numeric, text } from './value';

/** What KEDA scales: a Deployment or a StatefulSet. */
export interface Workload {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Paths of HTTP readiness probes, and where they stand. */
  readonly readiness: readonly ReadinessProbe[];
  /** Containers of the pod. */
  readonly containers: Path;
}

export interface ReadinessProbe {
  readonly place: Place;
  /** Undefined: not an HTTP probe. */
  readonly path: string | undefined;
  /** Earliest time from the container's start to Ready, and the latest when the backend is up at once. */
  readonly earliestMs: number;
  readonly latestMs: number;
}

export interface Service {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Numbers and names. */
  readonly ports: readonly string[];
}

/** Deployments and StatefulSets. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet').map(readWorkload);
}

function readWorkload(manifest: Manifest): Workload {
  const containers: Path = ['spec', 'template', 'spec', 'containers'];
  return {
    manifest,
    namespace: manifest.namespace,
    labels: strings(manifest.get('spec', 'template', 'metadata', 'labels')),
    containers,
    readiness: items(manifest.get(...containers)).flatMap((container, index): ReadinessProbe[] => {
      if (!isRecord(container) || !isRecord(container.readinessProbe)) return [];
      const seconds = (name: string, otherwise: number): number =>
        secondsAt(container.readinessProbe, name) ?? otherwise;
      const started = secondsAt(container.startupProbe, 'initialDelaySeconds') ?? 0;
      const delay = Math.max(started, seconds('initialDelaySeconds', 0));
      const [period, successes] = [seconds('periodSeconds', 10), seconds('successThreshold', 1)];
      return [
        {
          place: manifest.place(...containers, index, 'readinessProbe'),
          path: text(manifest.get(...containers, index, 'readinessProbe', 'httpGet', 'path')),
          earliestMs: (delay + period * (successes - 1)) * 1000,
          latestMs: (delay + period * successes) * 1000,
        },
      ];
    }),
  };
}

function secondsAt(probe: unknown, name: string): number | undefined {
  return isRecord(probe) ? numeric(probe[name]) : undefined;
}

/** Services, with what they select. */
export function servicesOf(manifests: readonly Manifest[]): Service[] {
  return manifests
    .filter(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1')
    .map((manifest) => ({
      manifest,
      namespace: manifest.namespace,
      selector: strings(manifest.get('spec', 'selector')),
      ports: items(manifest.get('spec', 'ports')).flatMap((port) =>
        isRecord(port) ? [text(port.port), text(port.name)].filter((name) => name !== undefined) : [],
      ),
    }));
}

/** Whether the Service sends requests to pods of the workload. */
export function selects(service: Service, workload: Workload): boolean {
  const wanted = Object.entries(service.selector);
  return (
    wanted.length > 0 &&
    service.namespace === workload.namespace &&
    wanted.every(([label, value]) => workload.labels[label] === value)
  );
}

function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(entries(value).map(([key, item]) => [key, text(item) ?? '']));
}
