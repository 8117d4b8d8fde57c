import { text } from '../../src/manifests/value';
import type { Route } from '../../src/manifests/routes';
import { type Field, fieldAt } from './field';

/** One path of an Ingress, translated as the ingress controller for Kong does (KIC 2). */
export interface IngressPath {
  /** Name of the Kong route, as the controller builds it; the two paths of a Prefix share one. */
  readonly route: string;
  readonly match: 'exact' | 'prefix';
  readonly path: string;
  readonly hosts: readonly string[];
  readonly stripPath: boolean;
  /** Names of KongPlugins. */
  readonly plugins: readonly string[];
  /** The Ingress path as it is written. */
  readonly written: string;
  /** For complaints about the service that it names. */
  readonly source: Field;
}

/** The paths that the controller makes of one path of an Ingress. */
export function ingressPaths(route: Route): IngressPath[] {
  const { manifest, place, path: written, host, plugins, stripPath } = route;
  const [, , rule, , , index] = place.path;
  const at = place.path.slice(0, -1);
  const pathType = text(manifest.get(...at, 'pathType'));
  return kongPaths(written, pathType).map((kongPath) => ({
    ...kongPath,
    ...{ route: `${manifest.name}.${rule ?? ''}${index ?? ''}`, stripPath, plugins, written },
    hosts: host === undefined ? [] : [host.toLowerCase()],
    source: fieldAt(manifest.place(...at, 'backend', 'service')),
  }));
}

function kongPaths(path: string, pathType: string | undefined): Pick<IngressPath, 'match' | 'path'>[] {
  const bare = path.replace(/^\/+|\/+$/g, '');
  if (pathType === 'Exact') return [{ match: 'exact', path: `/${path.replace(/^\/+/, '')}` }];
  if (pathType === 'ImplementationSpecific') return [{ match: 'prefix', path }];
  if (bare === '') return [{ match: 'prefix', path: '/' }];
  return [
    { match: 'exact', path: `/${bare}` },
    { match: 'prefix', path: `/${bare}/` },
  ];
}
