import type { Field } from './field';

/** One path of an Ingress, translated as the ingress controller for Kong does (KIC 2). */
export interface IngressPath {
  /** Name of the Kong route, as the controller builds it; the two paths of a Prefix share one. */
  readonly route: string;
  readonly match: 'exact' | 'prefix';
  readonly path: string;
  readonly hosts: readonly string[];
  readonly stripPath: boolean;
  readonly service: string;
  readonly servicePort: number | string;
  /** Names of KongPlugins. */
  readonly plugins: readonly string[];
  /** The Ingress path as it is written. */
  readonly written: string;
  /** For complaints about the service that it names. */
  readonly source: Field;
}

const ANNOTATIONS = ['konghq.com/plugins', 'konghq.com/strip-path', 'kubernetes.io/ingress.class'];

/** The paths of one Ingress. */
export function ingressPaths(name: string, body: Field): IngressPath[] {
  const annotations = body
    .get('metadata')
    .get('annotations')
    .only(...ANNOTATIONS);
  const plugins = annotations.get('konghq.com/plugins').stringOr('').split(',');
  const stripPath = annotations.get('konghq.com/strip-path').stringOr('false') === 'true';
  const spec = body.get('spec').only('ingressClassName', 'rules');
  return spec
    .get('rules')
    .items()
    .flatMap((rule, ruleIndex) => {
      const host = rule.only('host', 'http').get('host');
      return rule
        .get('http')
        .get('paths')
        .items()
        .flatMap((item, pathIndex) => {
          const service = item.only('path', 'pathType', 'backend').get('backend').only('service').get('service');
          const port = service.get('port').only('number', 'name');
          return kongPaths(item).map((kongPath) => ({
            ...kongPath,
            route: `${name}.${ruleIndex}${pathIndex}`,
            hosts: host.isAbsent() ? [] : [host.string().toLowerCase()],
            stripPath,
            service: service.get('name').string(),
            servicePort: port.get('number').isAbsent() ? port.get('name').string() : port.get('number').integer(),
            plugins: plugins.map((name) => name.trim()).filter((name) => name !== ''),
            written: item.get('path').stringOr('/'),
            source: service,
          }));
        });
    });
}

function kongPaths(item: Field): Pick<IngressPath, 'match' | 'path'>[] {
  const path = item.get('path').stringOr('/');
  const type = item.get('pathType').string();
  const bare = path.replace(/^\/+|\/+$/g, '');
  switch (type) {
    case 'Exact':
      return [{ match: 'exact', path: `/${path.replace(/^\/+/, '')}` }];
    case 'Prefix':
      if (bare === '') return [{ match: 'prefix', path: '/' }];
      return [
        { match: 'exact', path: `/${bare}` },
        { match: 'prefix', path: `/${bare}/` },
      ];
    case 'ImplementationSpecific':
      return [{ match: 'prefix', path }];
    default:
      return item.get('pathType').fail(`'${type}' is not a path type`);
  }
}
