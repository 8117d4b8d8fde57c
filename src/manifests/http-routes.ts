import { isRecord } from '../core/types';
import { GATEWAY_API } from './host-defaults';
import { annotatedPlugins, annotationsOfRoute } from './ingress-routes';
import type { Manifest } from './manifest';
import type { Path } from './path';
import type { Route, ServiceReference } from './routes';
import { items, text } from './value';

/** The routes of an HTTPRoute of the Gateway API; none of any other document. */
export function httpRoutes(manifest: Manifest): Route[] {
  if (manifest.kind !== 'HTTPRoute') return [];
  const common = annotationsOfRoute(manifest);
  const hosts = items(manifest.get('spec', 'hostnames')).map(text);
  return items(manifest.get('spec', 'rules')).flatMap((rule, ruleIndex) => {
    const at: Path = ['spec', 'rules', ruleIndex];
    const filters = pluginFilters(rule);
    const ofRule = { ...common, plugins: [...annotatedPlugins(manifest), ...filters] };
    if (filters.length > 0) ofRule.pluginsPlace = manifest.place(...at, 'filters');
    const matches = isRecord(rule) ? items(rule.matches) : [];
    // A rule without a match takes every path.
    return (matches.length === 0 ? [{}] : matches).flatMap((match, index) =>
      (hosts.length === 0 ? [undefined] : hosts).flatMap((host) =>
        servicesOf(manifest, at).map((service): Route => ({
          ...ofRule,
          ...matchOf(manifest, [...at, 'matches', index], match),
          host,
          service,
        })),
      ),
    );
  });
}

/** The names of the KongPlugins that filters of a rule refer to. */
export function pluginFilters(rule: unknown): string[] {
  return items(isRecord(rule) ? rule.filters : undefined).flatMap((filter) => {
    const reference = isRecord(filter) ? filter.extensionRef : undefined;
    const name = isRecord(reference) && reference.kind === 'KongPlugin' ? text(reference.name) : undefined;
    return name === undefined ? [] : [name];
  });
}

function matchOf(
  manifest: Manifest,
  at: Path,
  match: unknown,
): Pick<Route, 'place' | 'path' | 'pathType' | 'methods' | 'headers' | 'condition'> {
  const method = text(manifest.get(...at, 'method'));
  const headers = isRecord(match) ? items(match.headers) : [];
  const written = text(manifest.get(...at, 'path', 'type')) ?? GATEWAY_API.pathType;
  return {
    place: manifest.place(...at, 'path', 'value'),
    path: text(manifest.get(...at, 'path', 'value')) ?? GATEWAY_API.path,
    pathType: written === 'Exact' ? 'exact' : written === 'PathPrefix' ? 'prefix' : 'unknown',
    methods: method === undefined ? undefined : [method.toLowerCase()],
    headers: headers.map((header) => (isRecord(header) ? (text(header.name) ?? '') : '')),
    condition: (name) => manifest.place(...at, name === 'methods' ? 'method' : name),
  };
}

/** The Services that a rule's requests are shared out among; one entry of nothing where it names none. */
function servicesOf(manifest: Manifest, at: Path): (ServiceReference | undefined)[] {
  const services = items(manifest.get(...at, 'backendRefs')).map((_, index): ServiceReference | undefined => {
    const reference: Path = [...at, 'backendRefs', index];
    const name = text(manifest.get(...reference, 'name'));
    if (name === undefined) return undefined;
    return {
      name,
      namespace: text(manifest.get(...reference, 'namespace')) ?? manifest.namespace,
      port: text(manifest.get(...reference, 'port')),
      place: manifest.place(...reference),
    };
  });
  return services.length === 0 ? [undefined] : services;
}
