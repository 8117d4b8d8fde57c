import type { Broker } from './broker/broker';
import { BuiltInBroker } from './broker/built-in';
import type { Clock } from './clock';
import { DaprEndpoint } from './dapr/endpoint';
import { Sidecar } from './dapr/sidecar';
import type { DemoGateway } from './gateway';
import type { Journal } from './journal';
import { type Demand, QueueDemand } from './keda/demand';
import { startBuiltInGateway } from './kong/built-in';
import type { Route } from './kong/routes';
import type { Cluster } from './manifests/cluster';
import type { GatewaySettings } from './manifests/helm-values';
import type { DemoOptions } from './options';
import type { PluginInfo } from './plugin-server';
import type { Part, PartName } from './page/actions';
import { PushDemand } from './push/push-demand';
import { ScalerProcess } from './push/scaler-process';
import { RealDapr } from './real/dapr';
import { startRealKong } from './real/kong';
import { RabbitMq } from './real/rabbitmq';
import type { Shutdown } from './shutdown';

interface MessagingContext {
  /** `dist/serverless`. */
  readonly program: string;
  readonly cluster: Cluster;
  /** The application id of the gateway's sidecar. */
  readonly appId: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly shutdown: Shutdown;
}

/** How a wake-up gets from the gateway to KEDA. */
export interface Messaging {
  /** Where the gateway publishes, as to a sidecar of Dapr. */
  readonly port: number;
  readonly demand: Demand;
  /** Undefined where there is none. */
  readonly broker: Broker | undefined;
  /** What it consists of, by the page's names, for its buttons. */
  readonly parts: Readonly<Partial<Record<PartName, Part>>>;
}

/** How a wake-up gets from the gateway to KEDA: through Dapr and a broker, or through the scaler. */
export function startMessaging(
  options: Pick<DemoOptions, 'push' | 'rabbitmq' | 'dapr'>,
  context: MessagingContext,
): Promise<Messaging> {
  return options.push ? startPush(context) : startQueue(options, context);
}

/** The real scaler, and KEDA's side of its contract. */
async function startPush({ program, clock, journal, shutdown }: MessagingContext): Promise<Messaging> {
  const scaler = await ScalerProcess.open(program, journal);
  shutdown.add(() => scaler.close());
  const demand = new PushDemand(scaler.grpcPort, clock);
  shutdown.add(() => {
    demand.close();
  });
  return { port: scaler.port, demand, broker: undefined, parts: { scaler } };
}

/** The broker, and the Dapr sidecar that publishes to it for the gateway: each built in unless the options ask for the real one. */
async function startQueue(
  options: Pick<DemoOptions, 'rabbitmq' | 'dapr'>,
  { cluster, appId, clock, journal, shutdown }: MessagingContext,
): Promise<Messaging> {
  const rabbitMq = options.rabbitmq ? await RabbitMq.open(cluster.topology) : undefined;
  const broker = rabbitMq ?? new BuiltInBroker(cluster.topology, clock);
  shutdown.add(() => broker.close());
  const dapr =
    options.dapr && rabbitMq !== undefined
      ? await RealDapr.open(appId, cluster.components, rabbitMq.url)
      : await DaprEndpoint.open(new Sidecar(appId, cluster.components, broker, clock, journal));
  shutdown.add(() => dapr.close());
  return { port: dapr.port, demand: new QueueDemand(broker), broker, parts: { dapr, broker } };
}

interface GatewayContext {
  readonly port: number;
  readonly info: PluginInfo;
  /** Where the plugin server listens. */
  readonly socketPath: string;
  readonly settings: GatewaySettings;
  readonly routes: readonly Route[];
  readonly journal: Journal;
}

/** The gateway: built in unless the options ask for a real Kong. */
export function startGateway(
  options: Pick<DemoOptions, 'kong' | 'kongVersion'>,
  { port, info, socketPath, settings, routes, journal }: GatewayContext,
): Promise<DemoGateway> {
  const shared = { port, plugin: info.name, socketPath };
  return options.kong
    ? startRealKong({ ...shared, dump: info.dump, settings, routes })
    : startBuiltInGateway({ ...shared, version: options.kongVersion, host: '127.0.0.1', ...settings }, routes, journal);
}
