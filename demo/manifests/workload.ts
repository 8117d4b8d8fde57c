import {
  CONTAINERS,
  type ReadinessProbe as ReadinessView,
  type Workload as WorkloadView,
} from '../../src/manifests/workloads';
import { isTrue, numeric } from '../../src/manifests/value';
import { type Field, fieldAt } from './field';
import { processOf } from './process';
import type { ConfigMaps, ProcessSpec } from './process';

/** A Deployment as the demo runs it. */
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

export type ReadinessProbe = Pick<
  ReadinessView,
  'initialDelayMs' | 'periodMs' | 'timeoutMs' | 'successes' | 'failures'
> & { readonly path: string };

/** A Deployment of one container as the demo runs it. */
export function workloadOf(view: WorkloadView, configMaps: ConfigMaps): Workload {
  const { manifest, labels, replicas, gracePeriodMs } = view;
  const [container] = view.containers;
  const ports = (container?.ports ?? [])
    .flatMap(({ number, name }) => [number, name])
    .filter((port) => port !== undefined);
  const body = fieldAt(manifest.place(...CONTAINERS, 0));
  return {
    ...{ name: manifest.name, labels, replicas, gracePeriodMs, ports },
    process: processOf(body, fieldAt(manifest.place('spec', 'template', 'spec', 'volumes')), configMaps),
    readiness: readinessOf(container?.readiness, ports),
    preStopMs: preStopOf(body.get('lifecycle').get('preStop')),
    dapr: daprOf(view),
  };
}

function readinessOf(
  probe: ReadinessView | undefined,
  ports: readonly (number | string)[],
): ReadinessProbe | undefined {
  if (probe?.path === undefined) return undefined;
  const { place, path, port, initialDelayMs, periodMs, timeoutMs, successes, failures } = probe;
  if (!ports.some((known) => String(known) === port)) {
    fieldAt(place).get('httpGet').get('port').fail('no container port of that name or number');
  }
  return { path, initialDelayMs, periodMs, timeoutMs, successes, failures };
}

function preStopOf(preStop: Field): number {
  if (preStop.isAbsent()) return 0;
  if (!preStop.get('sleep').isAbsent()) return preStop.get('sleep').get('seconds').integer() * 1000;
  const command = preStop.get('exec').get('command');
  const [program, seconds, ...rest] = command.items();
  if (program?.value !== 'sleep' || seconds === undefined || rest.length > 0) {
    return command.fail('the demo knows only `sleep N`');
  }
  return seconds.integer() * 1000;
}

function daprOf({ manifest, annotations }: WorkloadView): Workload['dapr'] {
  if (!isTrue(annotations['dapr.io/enabled'])) return undefined;
  const at = fieldAt(manifest.place('spec', 'template', 'metadata', 'annotations'));
  return { appId: at.get('dapr.io/app-id').string(), appPort: numeric(annotations['dapr.io/app-port']) };
}
