import { matchesPrefix, normalizePath } from '../core/match';
import { KONG_CONFIGURATION } from './kinds';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { isRecord, isTrue, items, text, words } from './value';
import { resourceName } from './plugins';

/** One path that the gateway routes to one Service. */
export interface Route {
  readonly manifest: Manifest;
  readonly namespace: string;
  /** Where `path` stands. */
  readonly place: Place;
  /** Undefined: every host. */
  readonly host: string | undefined;
  readonly path: string;
  readonly pathType: 'prefix' | 'exact' | 'unknown';
  /** Names of the KongPlugins on the object itself; those on its Service are added by `plugins`. */
  readonly plugins: readonly string[];
  readonly pluginsPlace: Place;
  readonly service: ServiceReference | undefined;
  readonly stripPath: boolean;
  /** Undefined: any. */
  readonly protocols: readonly string[] | undefined;
  readonly methods: readonly string[] | undefined;
  /** Headers that a request must carry. */
  readonly headers: readonly string[];
  /** Where a condition of the route stands: annotations in Kubernetes, fields in Kong's own configuration. */
  readonly condition: (name: Condition) => Place;
}

type Condition = 'protocols' | 'methods' | 'headers';

export interface ServiceReference {
  readonly name: string;
  /** Number or name. */
  readonly port: string | undefined;
  readonly place: Place;
}

const PLUGINS = 'konghq.com/plugins';
const FORCE_HTTPS = 'ingress.kubernetes.io/force-ssl-redirect';

/** The routes of all Ingresses and of Kong's own declarative configurations. */
export function routesOf(manifests: readonly Manifest[]): Route[] {
  return manifests.flatMap((manifest) => {
    if (manifest.kind === 'Ingress') return ingressRoutes(manifest);
    return manifest.kind === KONG_CONFIGURATION ? [...declaredRoutes(manifest)] : [];
  });
}

/** The words of a KongPlugin annotation, on an Ingress or a Service. */
export function annotatedPlugins(manifest: Manifest): readonly string[] {
  return words(manifest.get('metadata', 'annotations', PLUGINS));
}

function ingressRoutes(manifest: Manifest): Route[] {
  const annotation = (name: string): unknown => manifest.get('metadata', 'annotations', name);
  const listed = (name: string): readonly string[] | undefined => {
    const found = words(annotation(name));
    return found.length === 0 ? undefined : found.map((word) => word.toLowerCase());
  };
  const annotations = Object.keys((manifest.get('metadata', 'annotations') as object | undefined) ?? {});
  const redirected = isTrue(annotation(FORCE_HTTPS));
  const headers = annotations.filter((name) => name.startsWith('konghq.com/headers.'));
  const common = {
    manifest,
    namespace: manifest.namespace,
    plugins: annotatedPlugins(manifest),
    pluginsPlace: manifest.place('metadata', 'annotations', PLUGINS),
    stripPath: isTrue(annotation('konghq.com/strip-path')),
    protocols: redirected ? ['https'] : listed('konghq.com/protocols'),
    methods: listed('konghq.com/methods'),
    headers: headers.map((name) => name.slice('konghq.com/headers.'.length)),
    condition: (name: Condition): Place => {
      const annotated = { protocols: redirected ? FORCE_HTTPS : 'konghq.com/protocols', methods: 'konghq.com/methods' };
      return manifest.place('metadata', 'annotations', name === 'headers' ? (headers[0] ?? '') : annotated[name]);
    },
  };
  return items(manifest.get('spec', 'rules')).flatMap((rule, ruleIndex) => {
    const paths = isRecord(rule) && isRecord(rule.http) ? items(rule.http.paths) : [];
    return paths.map((_, index): Route => {
      const at: Path = ['spec', 'rules', ruleIndex, 'http', 'paths', index];
      const path = text(manifest.get(...at, 'path')) ?? '/';
      return {
        ...common,
        place: manifest.place(...at, 'path'),
        host: isRecord(rule) ? text(rule.host) : undefined,
        path,
        pathType: pathTypeOf(text(manifest.get(...at, 'pathType')), path),
        service: serviceOf(manifest, at),
      };
    });
  });
}

/** Kong takes a path with characters that no plain path has for a regular expression. */
function pathTypeOf(written: string | undefined, path: string): Route['pathType'] {
  if (written === 'Exact') return 'exact';
  return written !== 'Prefix' && !/^[\w\-./~%]*$/.test(path.replace(/^\/~/, '(')) ? 'unknown' : 'prefix';
}

function serviceOf(manifest: Manifest, at: Path): ServiceReference | undefined {
  const name = text(manifest.get(...at, 'backend', 'service', 'name'));
  if (name === undefined) return undefined;
  const port = manifest.get(...at, 'backend', 'service', 'port');
  const place = manifest.place(...at, 'backend', 'service');
  return { name, port: isRecord(port) ? text(port.number ?? port.name) : undefined, place };
}

function* declaredRoutes(manifest: Manifest): Generator<Route> {
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
        stripPath: route.strip_path === undefined || isTrue(route.strip_path),
        protocols: listed(route.protocols),
        methods: listed(route.methods),
        headers: isRecord(route.headers) ? Object.keys(route.headers) : [],
        condition: (name) => manifest.place(...at, name),
      };
    }
  }
}

/** The path without a slash at its end, as both Kubernetes' Prefix and our targets compare it. */
export function trimSlash(path: string): string {
  return normalizePath(path === '' ? '/' : path).replace(/(?<=.)\/$/, '');
}

/** Whether Kong sends this path to the route. */
export function routes(route: Route, path: string): boolean {
  if (route.pathType === 'unknown') return true;
  if (route.pathType === 'exact') return normalizePath(path) === normalizePath(route.path);
  return matchesPrefix(normalizePath(path), trimSlash(route.path));
}

/** Whether some request of the route belongs to the target: one of the two lies under the other. */
export function overlaps(route: Route, target: string): boolean {
  if (route.pathType === 'unknown') return true;
  const [path, prefix] = [trimSlash(route.path), trimSlash(target)];
  return matchesPrefix(path, prefix) || (route.pathType === 'prefix' && matchesPrefix(prefix, path));
}

/** The path as the backend sees it. */
export function backendPath(route: Route, path: string): string {
  if (!route.stripPath || route.pathType !== 'prefix') return path;
  const rest = normalizePath(path).slice(trimSlash(route.path) === '/' ? 0 : trimSlash(route.path).length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Whether a host rule admits a host name; `*.example.com` admits one label. Ports are not compared. */
export function admitsHost(rule: string | undefined, host: string): boolean {
  if (rule === undefined || rule === '') return true;
  const name = host.toLowerCase().replace(/:\d+$/, '');
  const wanted = rule.toLowerCase();
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted;
}
