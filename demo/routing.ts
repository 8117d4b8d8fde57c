import type { Route, Service } from './kong/routes';
import { withDefaults } from './kong/schema';
import type { Cluster } from './manifests/cluster';
import type { PluginInfo } from './plugin-server';

/** Path prefix of the demo's own page. */
export const PAGE_PREFIX = '/_demo/';

/**
 * Kong's routes for the Ingress paths, each with its plugin configuration as Kong would pass it to the plugin, and the routes of the
 * page, which is at `/` unless an Ingress claims that. Throws ManifestError.
 *
 * @param services The service in front of a Deployment, by the Deployment's name.
 */
export function routesOf(
  cluster: Cluster,
  info: PluginInfo,
  services: ReadonlyMap<string, Service>,
  page: Service,
): Route[] {
  const plugins = new Map<string, Plugin>();
  const routes = cluster.paths.map((path): Route => {
    const [name, second] = path.plugins;
    if (second !== undefined) path.source.fail(`the demo runs one plugin per Ingress, and ${path.route} has more`);
    const plugin = name === undefined ? undefined : (plugins.get(path.route) ?? pluginOf(cluster, info, path, name));
    if (plugin !== undefined) plugins.set(path.route, plugin);
    const service = services.get(path.workload.name);
    if (service === undefined) return path.source.fail(`no Deployment ${path.workload.name}`);
    const { match, hosts, stripPath } = path;
    return { id: path.route, match, path: path.path, hosts, stripPath, service, plugin };
  });
  const own = { hosts: [], stripPath: false, service: page, plugin: undefined };
  const root: Route[] = ownsRoot(cluster) ? [] : [{ id: 'demo', match: 'exact', path: '/', ...own }];
  return [...routes, ...root, { id: 'demo', match: 'prefix', path: PAGE_PREFIX, ...own }];
}

/** Whether an Ingress claims `/`, the default path of the page. */
export function ownsRoot(cluster: Cluster): boolean {
  return cluster.paths.some(({ path, hosts }) => path === '/' && hosts.length === 0);
}

type Plugin = NonNullable<Route['plugin']>;

/** Kong numbers the configurations that it loads. */
let sequence = 0;

function pluginOf(cluster: Cluster, info: PluginInfo, path: Cluster['paths'][number], name: string): Plugin {
  const resource = cluster.plugins.get(name);
  if (resource === undefined) return path.source.fail(`Ingress names KongPlugin ${name}, which is not there`);
  if (resource.plugin !== info.name) resource.config.fail(`the demo runs only the plugin ${info.name}`);
  const config = {
    ...withDefaults(info.config, resource.config),
    __key__: `plugins:${info.name}:${path.route}::::`,
    __seq__: sequence++,
    route_id: path.route,
  };
  return { plugin: info.name, config };
}
