import { join } from 'node:path';
import { makeFolder, removeFolder } from '../real-parts/guard';
import { type Messaging, startGateway, startMessaging } from './built-in-or-real';
import { systemClock } from './clock';
import { clusterOf } from './cluster';
import { EndpointSync } from './endpoints';
import type { DemoGateway } from './gateway';
import type { Journal } from './journal';
import { KubernetesApi } from './kubernetes/api';
import { slicesOf } from './kubernetes/slices';
import { gatewaySettings } from './manifests/helm-values';
import { Observer } from './observe';
import type { DemoOptions } from './options';
import { actionsOf, type PartName } from './page/actions';
import { Feed } from './page/feed';
import type { InfrastructureView } from './page/feed';
import { PageServer } from './page/server';
import { PluginServer, pluginInfo } from './plugin-server';
import { assertFree, freePorts } from './ports';
import type { Workload } from './manifests/workload';
import type { Deployment } from './replicas/deployment';
import type { Replica } from './replicas/replica';
import { ScaledDeployments } from './replicas/scaled';
import { ownsRoot, PAGE_PREFIX, routesOf } from './routing';
import { Shutdown } from './shutdown';
import { Traffic } from './traffic';
import { Workers } from './workers';

/** The running demo. */
export interface RunningDemo {
  /** Where the page is. */
  readonly url: string;
  /** Shuts everything down; resolves when no process, socket or port of it is left. */
  close(): Promise<void>;
}

/**
 * Starts everything. If it fails it rejects with a message for people, and leaves nothing running.
 *
 * @param root The repository.
 */
export async function startDemo(root: string, options: DemoOptions, journal: Journal): Promise<RunningDemo> {
  const shutdown = new Shutdown();
  try {
    const { url, start } = await wire(root, options, journal, shutdown);
    start();
    return { url, close: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

interface Wired {
  readonly url: string;
  /** Starts what runs periodically: scaling, endpoint updates, the page's feed. */
  readonly start: () => void;
}

/** The demo's wiring diagram, from the broker to the gateway. What it starts is also given to `shutdown`. */
async function wire(root: string, options: DemoOptions, journal: Journal, shutdown: Shutdown): Promise<Wired> {
  const clock = systemClock;
  const cluster = clusterOf(root, options);
  const settings = gatewaySettings(root, 'kong/values.yaml');
  const program = join(root, 'dist/serverless');
  const info = pluginInfo(program);
  const { port, statusPort } = await portsFor(options);
  const folder = makeFolder('demo');
  shutdown.add(() => removeFolder(folder));

  const context = { program, cluster, appId: settings.appId, clock, journal, shutdown };
  const { demand, broker, parts, port: daprPort } = await startMessaging(options, context);
  const workers = broker && new Workers(cluster.components, broker, clock, journal);
  const { bootMs } = options;
  const onChange = (workload: Workload, replica: Replica): void => workers?.follow(workload, replica);
  const scaled = new ScaledDeployments(cluster, { root, folder, bootMs, demand, clock, journal, onChange });
  const { deployments, scalers } = scaled;
  shutdown.add(() => scaled.close());

  const socketPath = join(folder, 'serverless.socket');
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const kubernetes = await startKubernetes(options, deployments, folder, shutdown);
  const plugin = new PluginServer({ program, socketPath, gatewayUrl, daprPort, statusPort, kubernetes }, journal);
  shutdown.add(() => plugin.stop());
  await plugin.start();

  const traffic = new Traffic(port, journal);
  const observer = new Observer(cluster, deployments, scalers, demand, () => plugin.status(), clock);
  const infrastructure = (): InfrastructureView => infrastructureOf(gateway, plugin, parts);
  const feed = new Feed({ observer, infrastructure, runs: () => traffic.runs, journal, clock });
  shutdown.add(() => {
    feed.close();
  });
  const actions = actionsOf({
    ...{ cluster, deployments, traffic, parts, journal },
    publishJob: async ({ workload }, path, job) => {
      if (workers === undefined) throw new Error('there is no broker');
      await workers.publish(workload, path, job);
    },
  });
  const page = new PageServer(join(root, 'demo/page'), feed, actions);
  const pagePort = await page.listen();
  shutdown.add(() => page.close());

  const endpoints = new EndpointSync(deployments, clock);
  const pageService = { name: 'demo', endpoints: () => [`127.0.0.1:${pagePort}`] };
  const routes = routesOf(cluster, info, endpoints.services, pageService);
  const gateway = await startGateway(options, { port, info, socketPath, settings, routes, journal });
  shutdown.add(() => gateway.close());

  const start = (): void => {
    endpoints.start(settings.syncMs, () => gateway.endpointsChanged());
    shutdown.add(() => {
      endpoints.close();
    });
    scaled.start();
    shutdown.add(() => {
      scaled.stopScaling();
      // Whatever stops from now on stops because the demo shuts down: nothing to report.
      journal.removeAllListeners();
    });
    feed.start();
  };
  return { url: `http://localhost:${port}${ownsRoot(cluster) ? PAGE_PREFIX : '/'}`, start };
}

/** Starts the API that tells where replicas are, and returns the environment by which the plugin server finds it. */
async function startKubernetes(
  { kubernetes }: Pick<DemoOptions, 'kubernetes'>,
  deployments: readonly Deployment[],
  folder: string,
  shutdown: Shutdown,
): Promise<Record<string, string>> {
  if (!kubernetes) return { SERVERLESS_KUBERNETES: 'off' };
  const api = await KubernetesApi.start();
  shutdown.add(() => api.close());
  const tell = (): void => {
    api.set(slicesOf(deployments));
  };
  for (const deployment of deployments) deployment.onPods = tell;
  tell();
  return api.admit(folder);
}

/** The gateway's port and the one of the plugin server's `/status`. Rejects when the gateway's is taken. */
async function portsFor(options: Pick<DemoOptions, 'port'>): Promise<{ port: number; statusPort: number }> {
  const [freePort = 0, statusPort = 0] = await freePorts(2);
  const port = options.port === 0 ? freePort : options.port;
  await assertFree(port);
  return { port, statusPort };
}

/** What the page shows of the infrastructure. */
function infrastructureOf(gateway: DemoGateway, plugin: PluginServer, parts: Messaging['parts']): InfrastructureView {
  const views = Object.entries(parts).map(([name, { description, running }]) => [name, { description, running }]);
  return {
    gateway: gateway.description,
    plugin: `pid ${plugin.pid ?? 'none'}`,
    ...(Object.fromEntries(views) as Pick<InfrastructureView, PartName>),
  };
}
