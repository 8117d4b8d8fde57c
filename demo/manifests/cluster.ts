import { componentsOf } from '../../src/manifests/components';
import { ingressRoutes } from '../../src/manifests/ingress-routes';
import { RABBITMQ_DEFINITIONS } from '../../src/manifests/kinds';
import type { Manifest } from '../../src/manifests/manifest';
import { pluginUsesOf } from '../../src/manifests/plugins';
import type { Route } from '../../src/manifests/routes';
import { scaledObjectsOf } from '../../src/manifests/scaled-objects';
import { portOf, selects, type Service, servicesOf } from '../../src/manifests/services';
import { topologyOf } from '../../src/manifests/topology';
import { strings } from '../../src/manifests/value';
import { workloadsOf } from '../../src/manifests/workloads';
import { componentOf } from './component';
import type { Component } from './component';
import { fieldAt, ManifestError } from './field';
import type { Field } from './field';
import { loadDocuments } from './files';
import { assertHonoured } from './honoured';
import { ingressPaths } from './ingress';
import type { IngressPath } from './ingress';
import type { ConfigMaps } from './process';
import { scalingOf } from './scaled-object';
import type { Scaling } from './scaled-object';
import { brokerTopology } from './topology';
import type { Topology } from './topology';
import { workloadOf } from './workload';
import type { Workload } from './workload';

/** Everything that the manifests say, in the form that the demo takes. */
export interface Cluster {
  readonly workloads: readonly Workload[];
  /** Ingress paths with the workload behind their service. */
  readonly paths: readonly (IngressPath & { readonly workload: Workload })[];
  /** KongPlugins by name: the plugin and its configuration as written. */
  readonly plugins: ReadonlyMap<string, { readonly plugin: string; readonly config: Field }>;
  readonly components: readonly Component[];
  readonly scalings: readonly Scaling[];
  readonly topology: Topology;
}

/** Reads files and folders below `root`. Throws ManifestError for what the demo cannot honour. */
export function readCluster(root: string, paths: readonly string[]): Cluster {
  const documents = loadDocuments(root, paths);
  documents.forEach(assertHonoured);
  const deployments = deploymentsOf(documents);
  const services = servicesOf(documents);
  const scaledObjects = scaledObjectsOf(documents);
  for (const { target } of scaledObjects) {
    const known = deployments.some(({ view }) => view.manifest.name === target.name);
    if (!known) fieldAt(target.place).fail(`no Deployment ${target.name}`);
  }
  const scalings = scaledObjects.map(scalingOf);
  const pushes = scalings.some(({ push }) => push !== undefined);
  if (!pushes && !documents.some(({ kind }) => kind === RABBITMQ_DEFINITIONS)) {
    throw new ManifestError('no RabbitMQ definitions among the manifests: no queue to publish to');
  }
  return {
    workloads: deployments.map(({ workload }) => workload),
    paths: documents.flatMap(ingressRoutes).flatMap((route) => {
      const workload = workloadBehind(route, services, deployments);
      return ingressPaths(route).map((path) => ({ ...path, workload }));
    }),
    plugins: new Map(
      pluginUsesOf(documents).map(({ manifest, resource, plugin }) => [
        resource,
        { plugin, config: fieldAt(manifest.place('config')) },
      ]),
    ),
    components: componentsOf(documents).map(componentOf),
    scalings,
    topology: brokerTopology(topologyOf(documents)),
  };
}

/** A Deployment as it is written, and as the demo runs it. */
interface Deployed {
  readonly view: ReturnType<typeof workloadsOf>[number];
  readonly workload: Workload;
}

function deploymentsOf(documents: readonly Manifest[]): Deployed[] {
  const configMaps: ConfigMaps = new Map(
    documents
      .filter(({ kind }) => kind === 'ConfigMap')
      .map((manifest) => [manifest.name, strings(manifest.get('data'))]),
  );
  return workloadsOf(documents).map((view) => ({ view, workload: workloadOf(view, configMaps) }));
}

function workloadBehind(route: Route, services: readonly Service[], deployments: readonly Deployed[]): Workload {
  const { service: reference, namespace, manifest, place } = route;
  if (reference?.port === undefined) {
    return fieldAt(manifest.place(...place.path.slice(0, -1), 'backend', 'service', 'port')).fail('expected a port');
  }
  const { name, port: wanted } = reference;
  const service = services.find((each) => each.manifest.name === name && each.namespace === namespace);
  if (service === undefined) return fieldAt(reference.place).get('name').fail(`no Service ${name}`);
  const port = portOf(service, wanted);
  if (port === undefined) return fieldAt(reference.place).get('port').fail(`Service ${name} has no port ${wanted}`);
  const found = deployments.find(({ view }) => selects(service, view));
  if (found === undefined) {
    return fieldAt(service.manifest.place('spec', 'selector')).fail('no Deployment has these labels');
  }
  const { workload } = found;
  if (!workload.ports.some((known) => String(known) === port.targetPort)) {
    const at = fieldAt(service.manifest.place(...port.path));
    const named = at.get('targetPort').isAbsent() ? at.get('port') : at.get('targetPort');
    named.fail(`Deployment ${workload.name} has no such container port`);
  }
  return workload;
}
