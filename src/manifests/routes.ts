import { normalizeTarget } from '../config/target';
import { matchesPrefix, normalizePath } from '../core/match';
import type { Manifest, Place } from './manifest';

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
  /** Names of the KongPlugins on the object itself; those on its Service are added by `ManifestSet.runsOn`. */
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

export type Condition = 'protocols' | 'methods' | 'headers';

export interface ServiceReference {
  readonly name: string;
  readonly namespace: string;
  /** Number or name. */
  readonly port: string | undefined;
  readonly place: Place;
}

/** Kong takes a path with characters that no plain path has for a regular expression. */
export function pathTypeOf(written: string | undefined, path: string): Route['pathType'] {
  if (written === 'Exact') return 'exact';
  return written !== 'Prefix' && !/^[\w\-./~%]*$/.test(path.replace(/^\/~/, '(')) ? 'unknown' : 'prefix';
}

/** The path as both Kubernetes' Prefix and our targets compare it. */
export function comparablePath(path: string): string {
  return normalizeTarget(path === '' ? '/' : path);
}

/** Whether Kong sends this path to the route. */
export function routes(route: Route, path: string): boolean {
  if (route.pathType === 'unknown') return true;
  if (route.pathType === 'exact') return normalizePath(path) === normalizePath(route.path);
  return matchesPrefix(normalizePath(path), comparablePath(route.path));
}

/** Whether some request of the route belongs to the target: one of the two lies under the other. */
export function overlaps(route: Route, target: string): boolean {
  if (route.pathType === 'unknown') return true;
  const [path, prefix] = [comparablePath(route.path), comparablePath(target)];
  return matchesPrefix(path, prefix) || (route.pathType === 'prefix' && matchesPrefix(prefix, path));
}

/** Whether all requests of the route belong to the target. */
export function covers(target: string, route: Route): boolean {
  return `${comparablePath(route.path)}/`.startsWith(`${comparablePath(target)}/`.replace('//', '/'));
}

/** The path as the backend sees it. */
export function backendPath(route: Route, path: string): string {
  if (!route.stripPath || route.pathType !== 'prefix') return path;
  const prefix = comparablePath(route.path);
  const rest = normalizePath(path).slice(prefix === '/' ? 0 : prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Whether a host rule admits a host name; `*.example.com` admits one label. Ports are not compared. */
export function admitsHost(rule: string | undefined, host: string): boolean {
  if (rule === undefined || rule === '') return true;
  const name = host.toLowerCase().replace(/:\d+$/, '');
  const wanted = rule.toLowerCase();
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted;
}
