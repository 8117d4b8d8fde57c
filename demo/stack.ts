import { join } from 'node:path';
import { makeFolder, removeFolder } from '../real-parts/guard';
import { BuiltInBroker } from './broker/built-in';
import { systemClock } from './clock';
import { DaprEndpoint } from './dapr/endpoint';
import { Sidecar } from './dapr/sidecar';
import { EndpointSync } from './endpoints';
import type { Events } from './events';
import { faster, withScaleInWindow } from './fast';
import { Scaler } from './keda/scaler';
import { startBuiltInGateway } from './gateway-part';
import { readCluster } from './manifests/cluster';
import type { Cluster } from './manifests/cluster';
import { gatewaySettings } from './manifests/helm-values';
import { Observer } from './observe';
import type { StackOptions } from './options';
import { actionsOf } from './page/actions';
import { Feed } from './page/feed';
import type { Part, PartsView } from './page/feed';
import { PageServer } from './page/server';
import { PluginServer, pluginInfo } from './plugin-server';
import { assertFree, freePorts } from './ports';
import { RealDapr } from './real/dapr';
import { startRealKong } from './real/kong';
import { RabbitMq } from './real/rabbitmq';
import { Deployment } from './replicas/deployment';
import { argumentsOf } from './replicas/files';
import { ownsRoot, PAGE_PREFIX, routesOf } from './routing';
import { Traffic } from './traffic';
import { Workers } from './workers';

/** How long a replica takes to start where neither its manifest nor `--boot-time` says. */
const BOOT_MS = 1500;

/** The running demo. */
export interface Stack {
  /** Where the page is. */
  readonly url: string;
  /** Stops everything; resolves when no process, socket or port of it is left. */
  close(): Promise<void>;
}

/**
 * Starts everything; this function is the demo's wiring diagram. Rejects with a message for people, and leaves nothing running then.
 *
 * @param root The repository.
 */
export async function startStack(root: string, options: StackOptions, events: Events): Promise<Stack> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { url: await start(root, options, events, (closer) => closers.push(closer)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  root: string,
  options: StackOptions,
  events: Events,
  onClose: (closer: () => unknown) => void,
): Promise<string> {
  const clock = systemClock;
  const cluster = clusterOf(root, options);
  const settings = gatewaySettings(root, 'kong/values.yaml');
  const serverless = join(root, 'dist/serverless');
  const info = pluginInfo(serverless);
  const [freePort = 0, statusPort = 0] = await freePorts(2);
  const port = options.port === 0 ? freePort : options.port;
  await assertFree(port);
  const folder = makeFolder('demo');
  onClose(() => removeFolder(folder));

  const rabbitMq = options.rabbitmq ? await RabbitMq.open(cluster.topology) : undefined;
  const broker = rabbitMq ?? new BuiltInBroker(cluster.topology, clock);
  onClose(() => broker.close());
  const dapr =
    options.dapr && rabbitMq !== undefined
      ? await RealDapr.open(settings.appId, cluster.components, rabbitMq.url)
      : await DaprEndpoint.open(new Sidecar(settings.appId, cluster.components, broker, clock, events));
  onClose(() => dapr.close());

  const workers = new Workers(cluster.components, broker, clock, events);
  const deployments = cluster.workloads.map((workload) => {
    const bootMs = options.bootMs ?? ('BOOT_TIME_MS' in workload.process.env ? undefined : BOOT_MS);
    const program = join(root, 'dist/backend.js');
    const replicaOptions = { program, args: argumentsOf(workload, folder), bootMs };
    return new Deployment(workload, replicaOptions, clock, events, (replica) => {
      workers.follow(workload, replica);
    });
  });
  onClose(() => Promise.all(deployments.map((deployment) => deployment.close())));
  const scalers = cluster.scalings.flatMap((scaling) =>
    deployments
      .filter(({ name }) => name === scaling.target)
      .map((deployment) => new Scaler(scaling, deployment, broker, clock, events)),
  );

  const socketPath = join(folder, 'serverless.socket');
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const plugin = new PluginServer(
    { program: serverless, socketPath, gatewayUrl, daprPort: dapr.port, statusPort },
    events,
  );
  onClose(() => plugin.stop());
  await plugin.start();

  const traffic = new Traffic(port, events);
  const observer = new Observer(cluster, deployments, scalers, broker, () => plugin.status(), clock);
  const view = ({ description, running }: Part): Part => ({ description, running });
  const parts = (): PartsView => ({
    gateway: gateway.description,
    plugin: `pid ${plugin.pid ?? 'none'}`,
    dapr: view(dapr),
    broker: view(broker),
  });
  const feed = new Feed({ observer, parts, runs: () => traffic.runs, events, clock });
  onClose(() => {
    feed.close();
  });
  const actions = actionsOf({
    ...{ cluster, deployments, traffic, dapr, broker, events },
    publishJob: ({ workload }, path, job) => workers.publish(workload, path, job),
  });
  const page = new PageServer(join(root, 'demo/page'), feed, actions);
  const pagePort = await page.listen();
  onClose(() => page.close());

  const endpoints = new EndpointSync(deployments, clock);
  const pageService = { name: 'demo', endpoints: () => [`127.0.0.1:${pagePort}`] };
  const routes = routesOf(cluster, info, endpoints.services, pageService);
  const gateway = options.kong
    ? await startRealKong({ port, plugin: info.name, socketPath, dump: info.dump, settings, routes })
    : await startBuiltInGateway(
        { host: '127.0.0.1', port, plugin: info.name, socketPath, ...settings },
        routes,
        events,
      );
  onClose(() => gateway.close());
  endpoints.start(settings.syncMs, () => gateway.endpointsChanged());
  onClose(() => {
    endpoints.close();
  });
  for (const scaler of scalers) scaler.start();
  onClose(() => {
    for (const scaler of scalers) scaler.stop();
    // What ends from now on ends because the demo does.
    events.removeAllListeners();
  });
  for (const deployment of deployments) {
    // A Deployment that no ScaledObject scales has the replicas that its manifest says.
    if (!scalers.some(({ scaling }) => scaling.target === deployment.name))
      deployment.scale(deployment.workload.replicas);
  }
  feed.start();
  return `http://localhost:${port}${ownsRoot(cluster) ? PAGE_PREFIX : '/'}`;
}

/** What the manifests say, with what the options change. */
function clusterOf(root: string, options: StackOptions): Cluster {
  const written = readCluster(root, options.manifests);
  const cluster = options.fast ? faster(written) : written;
  if (options.scaleInWindowMs === undefined) return cluster;
  return { ...cluster, scalings: withScaleInWindow(cluster.scalings, options.scaleInWindowMs) };
}
