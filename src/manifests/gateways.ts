import { HELM_VALUES } from './kinds';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { isRecord, items, numeric, text, words } from './value';

/** The gateway's own settings: values for Kong's chart, or the Deployment that it renders. */
export interface Gateway {
  readonly manifest: Manifest;
  /** A setting of kong.conf by its name in lower case: `plugins`. */
  setting(name: string): string | undefined;
  settingPlace(name: string): Place;
  annotation(name: string): string | undefined;
  annotationPlace(name: string): Place;
  /** Plugins that the chart adds to `plugins` by itself, because it mounts their files. */
  readonly mounted: readonly string[];
  /** Undefined: Kubernetes' default of 30 s, or what another file says. */
  readonly gracePeriodMs: number | undefined;
  readonly gracePeriodPlace: Place;
}

/** The gateways that the documents configure. */
export function gatewaysOf(manifests: readonly Manifest[]): Gateway[] {
  return manifests.flatMap((manifest) => {
    if (manifest.kind === HELM_VALUES) return [fromValues(manifest)];
    if (manifest.kind !== 'Deployment' && manifest.kind !== 'DaemonSet') return [];
    const proxy = items(manifest.get('spec', 'template', 'spec', 'containers')).findIndex((container) =>
      envOf(container).some(({ name }) => name === 'KONG_PROXY_LISTEN' || name === 'KONG_PLUGINS'),
    );
    return proxy < 0 ? [] : [fromWorkload(manifest, proxy)];
  });
}

function fromValues(manifest: Manifest): Gateway {
  const mounts = ['configMaps', 'secrets'].flatMap((field) => items(manifest.get('plugins', field)));
  return {
    ...common(manifest, ['podAnnotations'], ['terminationGracePeriodSeconds']),
    setting: (name) => text(manifest.get('env', name)),
    settingPlace: (name) => manifest.place('env', name),
    mounted: mounts.map((mount) => (isRecord(mount) ? (text(mount.pluginName) ?? '') : '')),
  };
}

function fromWorkload(manifest: Manifest, container: number): Gateway {
  const pod: Path = ['spec', 'template', 'spec'];
  const env = envOf(manifest.get(...pod, 'containers', container));
  const find = (name: string): number => env.findIndex((item) => item.name === `KONG_${name.toUpperCase()}`);
  return {
    ...common(manifest, ['spec', 'template', 'metadata', 'annotations'], [...pod, 'terminationGracePeriodSeconds']),
    setting: (name) => env[find(name)]?.value,
    settingPlace: (name) => manifest.place(...pod, 'containers', container, 'env', find(name)),
    mounted: [],
  };
}

function common(
  manifest: Manifest,
  annotations: Path,
  grace: Path,
): Pick<Gateway, 'manifest' | 'annotation' | 'annotationPlace' | 'gracePeriodMs' | 'gracePeriodPlace'> {
  const seconds = numeric(manifest.get(...grace));
  return {
    manifest,
    annotation: (name) => text(manifest.get(...annotations, name)),
    annotationPlace: (name) => manifest.place(...annotations, name),
    gracePeriodMs: seconds === undefined ? undefined : seconds * 1000,
    gracePeriodPlace: manifest.place(...grace),
  };
}

function envOf(container: unknown): { readonly name: string; readonly value: string | undefined }[] {
  return items(isRecord(container) ? container.env : undefined).map((item) => ({
    name: isRecord(item) ? (text(item.name) ?? '') : '',
    value: isRecord(item) ? text(item.value) : undefined,
  }));
}

/** Whether the gateway loads a plugin of this name. */
export function loadsPlugin(gateway: Gateway, plugin: string): boolean {
  return gateway.mounted.includes(plugin) || words(gateway.setting('plugins')).includes(plugin);
}
