import type { Broker } from './broker/broker';
import { BuiltInBroker } from './broker/built-in';
import type { Clock } from './clock';
import { DaprEndpoint } from './dapr/endpoint';
import { Sidecar } from './dapr/sidecar';
import type { DemoGateway } from './gateway';
import type { Journal } from './journal';
import { startBuiltInGateway } from './kong/built-in';
import type { Route } from './kong/routes';
import type { Cluster } from './manifests/cluster';
import type { GatewaySettings } from './manifests/helm-values';
import type { DemoOptions } from './options';
import type { PluginInfo } from './plugin-server';
import { RealDapr } from './real/dapr';
import { startRealKong } from './real/kong';
import { RabbitMq } from './real/rabbitmq';
import type { Shutdown } from './shutdown';

interface MessagingContext {
  readonly cluster: Cluster;
  /** The application id of the gateway's sidecar. */
  readonly appId: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly shutdown: Shutdown;
}

/** The broker, and the Dapr sidecar that publishes to it for the gateway: each built in unless the options ask for the real one. */
export async function startMessaging(
  options: Pick<DemoOptions, 'rabbitmq' | 'dapr'>,
  { cluster, appId, clock, journal, shutdown }: MessagingContext,
): Promise<{ readonly broker: Broker; readonly dapr: DaprEndpoint | RealDapr }> {
  const rabbitMq = options.rabbitmq ? await RabbitMq.open(cluster.topology) : undefined;
  const broker = rabbitMq ?? new BuiltInBroker(cluster.topology, clock);
  shutdown.add(() => broker.close());
  const dapr =
    options.dapr && rabbitMq !== undefined
      ? await RealDapr.open(appId, cluster.components, rabbitMq.url)
      : await DaprEndpoint.open(new Sidecar(appId, cluster.components, broker, clock, journal));
  shutdown.add(() => dapr.close());
  return { broker, dapr };
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
