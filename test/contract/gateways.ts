import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { declarative } from '../../demo/real/kong';
import { Journal } from '../../demo/journal';
import { systemClock } from '../../demo/clock';
import { Field } from '../../demo/manifests/field';
import type * as gatewayModule from '../../demo/kong/gateway';
import type { PluginConfig } from '../../demo/kong/instances';
import type { Route } from '../../demo/kong/routes';
import { type KongFields, withDefaults } from '../../demo/kong/schema';
import type { KongVersion } from '../../demo/kong/version';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { Kong } from '../../real-parts/kong';

/** One route of the contract. */
export interface ContractRoute {
  readonly id: string;
  readonly match: 'exact' | 'prefix';
  readonly path: string;
  readonly stripPath?: boolean;
  readonly endpoints: readonly string[];
  /** The plugin's configuration as a person writes it; default: no plugin. */
  readonly config?: object;
}

export interface GatewayUnderTest {
  readonly port: number;
  /** Loads another configuration; resolves when it is in effect. */
  push(routes: readonly ContractRoute[]): Promise<void>;
  stop(): Promise<void>;
}

export interface GatewaySetup {
  readonly socketPath: string;
  readonly fields: KongFields;
  readonly routes: readonly ContractRoute[];
}

/** The gateways' read timeout on the plugin server. */
export const READ_TIMEOUT_MS = 1000;

/** The demo's gateway, bundled as `npm run build` does: its proxy library is an ES module, which jest cannot load. */
export async function startDemoGateway(
  { socketPath, fields, routes }: GatewaySetup,
  version: KongVersion,
): Promise<GatewayUnderTest> {
  const folder = makeFolder('gateway');
  const outfile = join(folder, 'gateway.cjs');
  const entry = join(projectRoot, 'demo/kong/gateway.ts');
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' });
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { Gateway } = require(outfile) as typeof gatewayModule;
  const options = {
    host: '127.0.0.1',
    port: 0,
    version,
    plugin: 'recorder',
    socketPath,
    readTimeoutMs: READ_TIMEOUT_MS,
  };
  const gateway = new Gateway({ ...options, checkClientAbort: true, upstreamIdleMs: 60_000 }, new Journal(systemClock));
  let sequence = 0;
  const load = (list: readonly ContractRoute[]): void => {
    gateway.setRoutes(routesOf(list, (route) => completed(route, fields, sequence++)));
  };
  load(routes);
  const port = await gateway.listen();
  return {
    port,
    // eslint-disable-next-line @typescript-eslint/require-await -- so that what it throws is a rejection
    push: async (list) => {
      load(list);
    },
    stop: async () => {
      await gateway.close();
      await removeFolder(folder);
    },
  };
}

/** A real Kong with one nginx worker. */
export async function startKongGateway({ socketPath, fields, routes }: GatewaySetup): Promise<GatewayUnderTest> {
  const schema = { name: 'recorder', fields: [{ config: { type: 'record', fields } }] };
  const about = { Name: 'recorder', Version: '1.0.0', Priority: 810, Phases: ['access'], Schema: schema };
  const config = (list: readonly ContractRoute[]): object =>
    declarative(routesOf(list, (route) => route.config as PluginConfig));
  const kong = await Kong.start({
    config: config(routes),
    pluginServers: [{ name: 'recorder', socket: socketPath, dump: JSON.stringify([about]) }],
    env: {
      KONG_NGINX_HTTP_LUA_SOCKET_READ_TIMEOUT: `${READ_TIMEOUT_MS}ms`,
      KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT: 'on',
    },
  });
  return {
    port: kong.proxyPort,
    push: async (list) => {
      await kong.push(config(list));
      // The worker takes over the new configuration a moment after the admin API has responded.
      await new Promise((resolve) => setTimeout(resolve, 1500));
    },
    stop: () => kong.stop(),
  };
}

function routesOf(list: readonly ContractRoute[], configOf: (route: ContractRoute) => PluginConfig): Route[] {
  return list.map((route) => ({
    id: route.id,
    match: route.match,
    path: route.path,
    hosts: [],
    stripPath: route.stripPath ?? false,
    service: { name: route.id, endpoints: () => route.endpoints },
    plugin: route.config === undefined ? undefined : { plugin: 'recorder', config: configOf(route) },
  }));
}

function completed(route: ContractRoute, fields: KongFields, sequence: number): PluginConfig {
  const written = new Field(route.config, { file: 'contract', document: route.id });
  return { ...withDefaults(fields, written), __key__: route.id, __seq__: sequence, route_id: route.id };
}
