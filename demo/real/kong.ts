import { findPart } from '../../real-parts/find';
import { Kong } from '../../real-parts/kong';
import type { DemoGateway } from '../gateway';
import { hostOf, type Route } from '../kong/routes';
import type { GatewaySettings } from '../manifests/helm-values';

/** nginx workers: more than one, which take over a configuration one after the other, as in production (K27). */
const WORKERS = 2;

export interface RealKongOptions {
  readonly port: number;
  readonly plugin: string;
  readonly socketPath: string;
  /** What `serverless -dump` prints. */
  readonly dump: string;
  readonly settings: GatewaySettings;
  readonly routes: readonly Route[];
}

/** Starts a real Kong. Changes of the endpoints are pushed to its admin API, as the ingress controller does. */
export async function startRealKong(options: RealKongOptions): Promise<DemoGateway> {
  const found = findPart('kong');
  if (found.how === 'missing') throw new Error(`--kong: ${found.why}`);
  const { port, plugin, socketPath, dump, settings } = options;
  const kong = await Kong.start({
    config: declarative(options.routes),
    pluginServers: [{ name: plugin, socket: socketPath, dump }],
    workers: WORKERS,
    proxyPort: port,
    env: {
      KONG_NGINX_HTTP_LUA_SOCKET_READ_TIMEOUT: `${settings.readTimeoutMs}ms`,
      KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT: String(settings.upstreamIdleMs / 1000),
      KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT: settings.checkClientAbort ? 'on' : 'off',
    },
  });
  const { version } = (await kong.admin('/')) as { version: string };
  return {
    description: `Kong ${version}`,
    endpointsChanged: () => kong.push(declarative(options.routes)),
    close: () => kong.stop(),
  };
}

/** The routes as the ingress controller writes them: one upstream per Service, its targets the replicas that are ready. */
export function declarative(routes: readonly Route[]): object {
  const services = new Map(routes.map(({ service }) => [service.name, service]));
  return {
    _format_version: '1.1',
    services: [...services.values()].map(({ name }) => ({
      name,
      host: hostOf({ name }),
      port: 80,
      protocol: 'http',
      routes: kongRoutes(routes.filter(({ service }) => service.name === name)),
    })),
    upstreams: [...services.values()].map((service) => ({
      name: hostOf(service),
      targets: service.endpoints().map((target) => ({ target })),
    })),
  };
}

/** The paths of one Ingress path are one Kong route; an exact one is a regular expression there. */
function kongRoutes(routes: readonly Route[]): object[] {
  const ids = [...new Set(routes.map(({ id }) => id))];
  return ids.flatMap((id) => {
    const own = routes.filter((route) => route.id === id);
    const [first] = own;
    if (first === undefined) return [];
    return {
      name: id,
      paths: own.map(({ match, path }) => (match === 'exact' ? `${path}$` : path)),
      ...(first.hosts.length > 0 ? { hosts: first.hosts } : {}),
      strip_path: first.stripPath,
      preserve_host: true,
      protocols: ['http'],
      plugins: first.plugin === undefined ? [] : [pluginOf(first.plugin)],
    };
  });
}

/** Kong adds its own keys to the configuration (K13). */
function pluginOf({ plugin, config }: NonNullable<Route['plugin']>): object {
  const own = ['__key__', '__seq__', 'route_id'];
  const entries = Object.entries(config).filter(([name]) => !own.includes(name));
  return { name: plugin, config: Object.fromEntries(entries) };
}
