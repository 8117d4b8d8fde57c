import { isRecord } from '../core/types';
import { KONG } from './host-defaults';
import { KONG_CONFIGURATION } from './kinds';
import type { Manifest } from './manifest';
import type { Path } from './path';
import { resourceName } from './plugins';
import { pathTypeOf, type Route } from './routes';
import { isTrue, items, text } from './value';

/** The routes of Kong's own declarative configuration; none of any other document. */
export function* declaredRoutes(manifest: Manifest): Generator<Route> {
  if (manifest.kind !== KONG_CONFIGURATION) return;
  for (const [serviceIndex, service] of items(manifest.get('services')).entries()) {
    const at: Path = ['services', serviceIndex];
    if (!isRecord(service)) continue;
    const ofService = pluginPaths(service.plugins, at);
    for (const [index, route] of items(service.routes).entries()) {
      if (isRecord(route)) yield* pathsOf(manifest, [...at, 'routes', index], route, ofService);
    }
  }
  for (const [index, route] of items(manifest.get('routes')).entries()) {
    if (isRecord(route)) yield* pathsOf(manifest, ['routes', index], route, []);
  }
}

function pluginPaths(plugins: unknown, at: Path): string[] {
  return items(plugins).map((_, index) => resourceName([...at, 'plugins', index]));
}

function* pathsOf(
  manifest: Manifest,
  at: Path,
  route: Readonly<Record<string, unknown>>,
  inherited: readonly string[],
): Generator<Route> {
  const listed = (value: unknown): string[] | undefined => {
    const found = items(value).map((item) => (text(item) ?? '').toLowerCase());
    return found.length === 0 ? undefined : found;
  };
  for (const host of listed(route.hosts) ?? [undefined]) {
    for (const [index, path] of items(route.paths).entries()) {
      yield {
        manifest,
        namespace: manifest.namespace,
        place: manifest.place(...at, 'paths', index),
        host,
        path: text(path) ?? '/',
        pathType: pathTypeOf(undefined, text(path) ?? '/'),
        plugins: [...inherited, ...pluginPaths(route.plugins, at)],
        pluginsPlace: manifest.place(...at, 'plugins'),
        service: undefined,
        stripPath: route.strip_path === undefined ? KONG.stripPath : isTrue(route.strip_path),
        protocols: listed(route.protocols),
        methods: listed(route.methods),
        headers: isRecord(route.headers) ? Object.keys(route.headers) : [],
        condition: (name) => manifest.place(...at, name),
      };
    }
  }
}
