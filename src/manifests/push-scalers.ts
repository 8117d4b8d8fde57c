import type { Place } from './manifest';
import type { Path } from './path';
import type { Trigger } from './scaled-objects';
import { selects, type Service, type ServicePort } from './services';
import { isTrue, items, numeric, text } from './value';
import { CONTAINERS, type Workload } from './workloads';

/** The trigger type by which KEDA is told. */
export const PUSH = 'external-push';
/** Ports of `serverless scaler` where its settings name no other. */
const GRPC_PORT = 9090;
const HTTP_PORT = 9091;

/** A workload that runs `serverless scaler`. */
export interface PushScaler {
  readonly workload: Workload;
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Topics that its own settings have Dapr subscribe to, as PUBSUB/TOPIC. */
  readonly subscribed: readonly string[];
  /** host:port of all replicas, for what gateways publish to one of them. */
  readonly peers: string | undefined;
  readonly envPlace: Place;
  /** Dapr's sidecar; undefined without one. */
  readonly sidecar: { readonly appId: string; readonly appPort: number | undefined } | undefined;
  readonly annotationsPlace: Place;
}

/** The scalers among the workloads: told by the sub-command, or by a setting that only they have. */
export function pushScalersOf(workloads: readonly Workload[]): PushScaler[] {
  return workloads.flatMap((workload) => {
    const { manifest } = workload;
    const index = items(manifest.get(...CONTAINERS)).findIndex((_, at) => isScaler(workload, [...CONTAINERS, at]));
    return index < 0 ? [] : [readScaler(workload, [...CONTAINERS, index])];
  });
}

function isScaler({ manifest }: Workload, container: Path): boolean {
  const words = [...items(manifest.get(...container, 'command')), ...items(manifest.get(...container, 'args'))];
  const names = items(manifest.get(...container, 'env')).map((_, at) =>
    text(manifest.get(...container, 'env', at, 'name')),
  );
  return words.includes('scaler') || names.some((name) => name?.startsWith('SERVERLESS_SCALER_'));
}

function readScaler(workload: Workload, container: Path): PushScaler {
  const { manifest, annotations } = workload;
  const env = items(manifest.get(...container, 'env')).map((_, at) => ({
    name: text(manifest.get(...container, 'env', at, 'name')),
    value: text(manifest.get(...container, 'env', at, 'value')),
  }));
  const setting = (name: string): string | undefined =>
    env.find((variable) => variable.name === `SERVERLESS_SCALER_${name}`)?.value;
  const port = (name: string): number | undefined => numeric(/:(\d+)$/.exec(setting(name) ?? '')?.[1]);
  return {
    workload,
    grpcPort: port('GRPC_LISTEN') ?? GRPC_PORT,
    httpPort: port('HTTP_LISTEN') ?? HTTP_PORT,
    subscribed: (setting('SUBSCRIBE') ?? '').split(',').map((topic) => topic.trim()),
    peers: setting('PEERS'),
    envPlace: manifest.place(...container, 'env'),
    sidecar: isTrue(annotations['dapr.io/enabled'])
      ? { appId: annotations['dapr.io/app-id'] ?? '', appPort: numeric(annotations['dapr.io/app-port']) }
      : undefined,
    annotationsPlace: manifest.place('spec', 'template', 'metadata', 'annotations'),
  };
}

/** A Service by its name within the cluster, and a port of it. */
export interface ServiceAddress {
  readonly name: string;
  readonly namespace: string;
  readonly port: string;
}

/** `name.namespace:port`, with or without what Kubernetes adds to a Service's name; undefined for anything else. */
export function serviceAddress(written: string): ServiceAddress | undefined {
  const [, name, namespace, port] =
    /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?:(\d+)$/.exec(written) ?? [];
  return name === undefined || namespace === undefined || port === undefined ? undefined : { name, namespace, port };
}

/** The Services at an address. */
export function servicesAt(services: readonly Service[], address: ServiceAddress | undefined): Service[] {
  return services.filter(
    ({ manifest, namespace }) => manifest.name === address?.name && namespace === address.namespace,
  );
}

/** The scalers that a push trigger asks: one, or alternatives of it. */
export function scalersOfTrigger(
  trigger: Trigger,
  services: readonly Service[],
  scalers: readonly PushScaler[],
): PushScaler[] {
  const found = servicesAt(services, serviceAddress(trigger.metadata('scalerAddress') ?? ''));
  return scalers.filter(({ workload }) => found.some((service) => selects(service, workload)));
}

/** The container's port that a Service's port leads to, where the documents say it as a number. */
export function targetPortOf({ targetPort }: ServicePort, { containers }: Workload): number | undefined {
  const ports = containers.flatMap((container) => container.ports);
  return numeric(targetPort) ?? ports.find(({ name }) => name === targetPort)?.number;
}
