import { isRecord } from '../core/types';
import { KIC } from './host-defaults';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { type Condition, pathTypeOf, type Route, type ServiceReference } from './routes';
import { isTrue, items, text, words } from './value';

const PLUGINS = 'konghq.com/plugins';
const STRIP_PATH = 'konghq.com/strip-path';
const FORCE_HTTPS = 'ingress.kubernetes.io/force-ssl-redirect';

/** The routes of an Ingress; none of any other document. */
export function ingressRoutes(manifest: Manifest): Route[] {
  if (manifest.kind !== 'Ingress') return [];
  const common = annotationsOfRoute(manifest);
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

/** The words of a KongPlugin annotation, on an Ingress, an HTTPRoute or a Service. */
export function annotatedPlugins(manifest: Manifest): readonly string[] {
  return words(manifest.get('metadata', 'annotations', PLUGINS));
}

/** What annotations say of all routes of an Ingress or an HTTPRoute. */
export function annotationsOfRoute(
  manifest: Manifest,
): Omit<Route, 'place' | 'host' | 'path' | 'pathType' | 'service'> {
  const annotation = (name: string): unknown => manifest.get('metadata', 'annotations', name);
  const listed = (name: string): readonly string[] | undefined => {
    const found = words(annotation(name));
    return found.length === 0 ? undefined : found.map((word) => word.toLowerCase());
  };
  const annotations = Object.keys((manifest.get('metadata', 'annotations') as object | undefined) ?? {});
  const redirected = isTrue(annotation(FORCE_HTTPS));
  const headers = annotations.filter((name) => name.startsWith('konghq.com/headers.'));
  const stripPath = annotation(STRIP_PATH);
  return {
    manifest,
    namespace: manifest.namespace,
    plugins: annotatedPlugins(manifest),
    pluginsPlace: manifest.place('metadata', 'annotations', PLUGINS),
    stripPath: stripPath === undefined ? KIC.stripPath : isTrue(stripPath),
    protocols: redirected ? ['https'] : listed('konghq.com/protocols'),
    methods: listed('konghq.com/methods'),
    headers: headers.map((name) => name.slice('konghq.com/headers.'.length)),
    condition: (name: Condition): Place => {
      const annotated = { protocols: redirected ? FORCE_HTTPS : 'konghq.com/protocols', methods: 'konghq.com/methods' };
      return manifest.place('metadata', 'annotations', name === 'headers' ? (headers[0] ?? '') : annotated[name]);
    },
  };
}

function serviceOf(manifest: Manifest, at: Path): ServiceReference | undefined {
  const name = text(manifest.get(...at, 'backend', 'service', 'name'));
  if (name === undefined) return undefined;
  const port = manifest.get(...at, 'backend', 'service', 'port');
  const place = manifest.place(...at, 'backend', 'service');
  const { namespace } = manifest;
  return { name, namespace, port: isRecord(port) ? text(port.number ?? port.name) : undefined, place };
}
