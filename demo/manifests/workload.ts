import type { Field } from './field';
import { processOf } from './process';
import type { ConfigMaps, ProcessSpec } from './process';

/** A Deployment as the stack runs it. */
export interface Workload {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Replicas where no ScaledObject decides. */
  readonly replicas: number;
  readonly process: ProcessSpec;
  /** Container ports by name and number: each stands for the one port of the process. */
  readonly ports: readonly (number | string)[];
  readonly readiness: ReadinessProbe | undefined;
  /** From SIGTERM to SIGKILL. */
  readonly gracePeriodMs: number;
  /** How long a leaving replica serves on, until the gateway has learnt of it. */
  readonly preStopMs: number;
  /** Its Dapr sidecar, where it has one. */
  readonly dapr: { readonly appId: string; readonly appPort: number | undefined } | undefined;
}

export interface ReadinessProbe {
  readonly path: string;
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successes: number;
  readonly failures: number;
}

// What means nothing where one machine runs everything: who runs it, how much it may take, where it is put.
const POD_FIELDS_WITHOUT_MEANING = [
  ...['automountServiceAccountToken', 'securityContext', 'serviceAccountName', 'nodeSelector', 'tolerations'],
  ...['affinity', 'topologySpreadConstraints', 'priorityClassName', 'imagePullSecrets', 'enableServiceLinks'],
];
const CONTAINER_FIELDS_WITHOUT_MEANING = ['imagePullPolicy', 'resources', 'securityContext', 'name'];

/** Reads a Deployment of one container. */
export function workloadOf(name: string, body: Field, configMaps: ConfigMaps): Workload {
  const spec = body
    .get('spec')
    .only('replicas', 'selector', 'template', 'strategy', 'revisionHistoryLimit', 'progressDeadlineSeconds');
  const metadata = spec.get('template').only('metadata', 'spec').get('metadata');
  const pod = spec
    .get('template')
    .get('spec')
    .only('containers', 'volumes', 'terminationGracePeriodSeconds', ...POD_FIELDS_WITHOUT_MEANING);
  const container = pod
    .get('containers')
    .single()
    .only(
      ...['image', 'args', 'env', 'envFrom', 'ports', 'readinessProbe', 'livenessProbe', 'startupProbe'],
      ...['lifecycle', 'volumeMounts', ...CONTAINER_FIELDS_WITHOUT_MEANING],
    );
  const ports = container
    .get('ports')
    .items()
    .flatMap((port) => {
      const portName = port.get('name');
      return portName.isAbsent()
        ? [port.get('containerPort').integer()]
        : [port.get('containerPort').integer(), portName.string()];
    });
  return {
    name,
    labels: metadata.get('labels').strings(),
    replicas: spec.get('replicas').integerOr(1),
    process: processOf(container, pod.get('volumes'), configMaps),
    ports,
    readiness: readinessOf(container.get('readinessProbe'), ports),
    gracePeriodMs: pod.get('terminationGracePeriodSeconds').integerOr(30) * 1000,
    preStopMs: preStopOf(container.get('lifecycle')),
    dapr: daprOf(metadata.get('annotations')),
  };
}

function readinessOf(probe: Field, ports: readonly (number | string)[]): ReadinessProbe | undefined {
  if (probe.isAbsent()) return undefined;
  probe.only(
    ...['httpGet', 'initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'],
  );
  const httpGet = probe.get('httpGet').only('path', 'port', 'scheme');
  const port = httpGet.get('port');
  if (!ports.some((known) => known === port.value)) port.fail('no container port of that name or number');
  return {
    path: httpGet.get('path').stringOr('/'),
    initialDelayMs: probe.get('initialDelaySeconds').integerOr(0) * 1000,
    periodMs: probe.get('periodSeconds').integerOr(10) * 1000,
    timeoutMs: probe.get('timeoutSeconds').integerOr(1) * 1000,
    successes: probe.get('successThreshold').integerOr(1),
    failures: probe.get('failureThreshold').integerOr(3),
  };
}

function preStopOf(lifecycle: Field): number {
  const preStop = lifecycle.only('preStop').get('preStop').only('exec', 'sleep');
  if (preStop.isAbsent()) return 0;
  if (!preStop.get('sleep').isAbsent()) return preStop.get('sleep').get('seconds').integer() * 1000;
  const command = preStop.get('exec').get('command');
  const [program, seconds, ...rest] = command.items();
  if (program?.value !== 'sleep' || seconds === undefined || rest.length > 0) {
    return command.fail('the demo knows only `sleep N`');
  }
  return seconds.integer() * 1000;
}

function daprOf(annotations: Field): Workload['dapr'] {
  if (annotations.get('dapr.io/enabled').stringOr('false') !== 'true') return undefined;
  const appPort = annotations.get('dapr.io/app-port');
  return {
    appId: annotations.get('dapr.io/app-id').string(),
    appPort: appPort.isAbsent() ? undefined : appPort.integer(),
  };
}
