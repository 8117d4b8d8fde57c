import { NAMESPACE } from '../kubernetes/slices';
import type { PluginConfig } from './instances';

/** A Service's host as the ingress controller names it to Kong: `NAME.NAMESPACE.PORT.svc`. */
export function hostOf({ name }: Pick<Service, 'name'>): string {
  return `${name}.${NAMESPACE}.http.svc`;
}

/** Where requests are proxied to. */
export interface Service {
  readonly name: string;
  /** `host:port` of each replica that is ready. */
  endpoints(): readonly string[];
}

/** One path of an Ingress, in the form that the ingress controller gives to Kong. */
export interface Route {
  readonly id: string;
  /** `exact`: this path only; `prefix`: whatever starts with it, as Kong's plain paths do. */
  readonly match: 'exact' | 'prefix';
  readonly path: string;
  /** Host names; none: any. */
  readonly hosts: readonly string[];
  /** Whether the matched path is removed before the request is proxied. */
  readonly stripPath: boolean;
  readonly service: Service;
  readonly plugin: { readonly plugin: string; readonly config: PluginConfig } | undefined;
}

/**
 * The route for a request: by host first, then by exact path (a regular expression in Kong, which precedes plain paths), then by the
 * longest prefix.
 */
export function routeFor(routes: readonly Route[], host: string, path: string): Route | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return routes
    .filter((route) => route.hosts.length === 0 || route.hosts.includes(name))
    .filter((route) => (route.match === 'exact' ? path === route.path : path.startsWith(route.path)))
    .sort(
      (a, b) =>
        Number(b.hosts.length > 0) - Number(a.hosts.length > 0) ||
        Number(b.match === 'exact') - Number(a.match === 'exact') ||
        b.path.length - a.path.length,
    )[0];
}
