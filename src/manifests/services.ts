import type { Manifest } from './manifest';
import type { Path } from './path';
import { items, strings, text } from './value';
import type { Workload } from './workloads';

/** A Kubernetes Service, with what it selects. */
export interface Service {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly path: Path;
  readonly number: string | undefined;
  readonly name: string | undefined;
  /** Number or name of the container's port: the Service's own number where nothing is said. */
  readonly targetPort: string | undefined;
}

/** Services, with what they select. */
export function servicesOf(manifests: readonly Manifest[]): Service[] {
  return manifests
    .filter(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1')
    .map((manifest) => ({
      manifest,
      namespace: manifest.namespace,
      selector: strings(manifest.get('spec', 'selector')),
      ports: items(manifest.get('spec', 'ports')).map((_, index) => readPort(manifest, ['spec', 'ports', index])),
    }));
}

function readPort(manifest: Manifest, path: Path): ServicePort {
  const number = text(manifest.get(...path, 'port'));
  return {
    path,
    number,
    name: text(manifest.get(...path, 'name')),
    targetPort: text(manifest.get(...path, 'targetPort')) ?? number,
  };
}

/** The port that an Ingress means by its number or its name. */
export function portOf(service: Service, port: string): ServicePort | undefined {
  return service.ports.find(({ number, name }) => number === port || name === port);
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
