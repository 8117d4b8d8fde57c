import { componentOf } from './component';
import type { Component } from './component';
import { ManifestError } from './field';
import type { Field } from './field';
import { loadObjects } from './files';
import type { KubernetesObject } from './files';
import { ingressPaths } from './ingress';
import type { IngressPath } from './ingress';
import { scalingOf } from './scaled-object';
import type { Scaling } from './scaled-object';
import { topologyOf } from './topology';
import type { Topology } from './topology';
import { workloadOf } from './workload';
import type { Workload } from './workload';

/** Everything that the manifests say, in the form that the parts of the stack take. */
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

/** Kinds that say nothing to a single machine. Everything else that is not read below is an error. */
const WITHOUT_MEANING = new Set([
  ...['Namespace', 'Secret', 'ServiceAccount', 'TriggerAuthentication', 'PodDisruptionBudget', 'NetworkPolicy'],
  ...['Role', 'RoleBinding'],
]);
const READ = new Set([
  ...['ConfigMap', 'Deployment', 'Service', 'Ingress', 'KongPlugin', 'Component', 'ScaledObject'],
  'RabbitMQDefinitions',
]);

/** Reads files and folders below `root`. Throws ManifestError for what the stack cannot honour. */
export function readCluster(root: string, paths: readonly string[]): Cluster {
  const objects = loadObjects(root, paths);
  for (const { kind, body } of objects) {
    if (!READ.has(kind) && !WITHOUT_MEANING.has(kind)) body.get('kind').fail('the demo cannot honour this kind');
  }
  const of = (kind: string): KubernetesObject[] => objects.filter((object) => object.kind === kind);
  const configMaps = new Map(of('ConfigMap').map(({ name, body }) => [name, body.get('data').strings()]));
  const workloads = of('Deployment').map(({ name, body }) => workloadOf(name, body, configMaps));
  const plugins = new Map(
    of('KongPlugin').map(({ name, body }) => {
      body.only('apiVersion', 'kind', 'metadata', 'plugin', 'config', 'disabled', 'protocols', 'run_on');
      return [name, { plugin: body.get('plugin').string(), config: body.get('config') }];
    }),
  );
  const scalings = of('ScaledObject').map(({ name, body }) => {
    const scaling = scalingOf(name, body);
    if (!workloads.some((workload) => workload.name === scaling.target)) {
      body.get('spec').get('scaleTargetRef').get('name').fail(`no Deployment ${scaling.target}`);
    }
    return scaling;
  });
  return {
    workloads,
    paths: of('Ingress').flatMap(({ name, body }) =>
      ingressPaths(name, body).map((path) => ({ ...path, workload: workloadBehind(path, of('Service'), workloads) })),
    ),
    plugins,
    components: of('Component').map(({ name, body }) => componentOf(name, body)),
    scalings,
    topology: merged(of('RabbitMQDefinitions').map(({ body }) => topologyOf(body))),
  };
}

function workloadBehind(
  path: IngressPath,
  services: readonly KubernetesObject[],
  workloads: readonly Workload[],
): Workload {
  const service = services.find(({ name }) => name === path.service)?.body;
  if (service === undefined) return path.source.get('name').fail(`no Service ${path.service}`);
  const port = service
    .get('spec')
    .get('ports')
    .items()
    .find((item) => item.get('port').value === path.servicePort || item.get('name').value === path.servicePort);
  if (port === undefined)
    return path.source.get('port').fail(`Service ${path.service} has no port ${path.servicePort}`);
  const selector = Object.entries(service.get('spec').get('selector').strings());
  const workload = workloads.find(({ labels }) => selector.every(([label, value]) => labels[label] === value));
  if (workload === undefined) return service.get('spec').get('selector').fail('no Deployment has these labels');
  const targetPort = port.get('targetPort').isAbsent() ? port.get('port') : port.get('targetPort');
  if (!workload.ports.some((known) => known === targetPort.value)) {
    targetPort.fail(`Deployment ${workload.name} has no such container port`);
  }
  return workload;
}

function merged(topologies: readonly Topology[]): Topology {
  if (topologies.length === 0)
    throw new ManifestError('no RabbitMQ definitions among the manifests: no queue to publish to');
  return {
    exchanges: topologies.flatMap(({ exchanges }) => exchanges),
    queues: topologies.flatMap(({ queues }) => queues),
    bindings: topologies.flatMap(({ bindings }) => bindings),
  };
}
