import { isRecord } from '../core/types';
import { KONG } from './host-defaults';
import { HELM_VALUES } from './kinds';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { items, numeric, text, words } from './value';

/** The gateway's own settings: values for Kong's chart, or the Deployment that it renders. */
export interface Gateway {
  readonly manifest: Manifest;
  /** A setting of kong.conf by its name in lower case: `plugins`. */
  setting(name: string): string | undefined;
  settingPlace(name: string): Place;
  /** A setting of its ingress controller: `proxy_sync_seconds`. */
  controllerSetting(name: string): string | undefined;
  controllerSettingPlace(name: string): Place;
  annotation(name: string): string | undefined;
  annotationPlace(name: string): Place;
  /** Where it publishes in place of a sidecar of its own: DAPR_HTTP_ENDPOINT. */
  readonly daprEndpoint: string | undefined;
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
    controllerSetting: (name) => text(manifest.get('ingressController', 'env', name)),
    controllerSettingPlace: (name) => manifest.place('ingressController', 'env', name),
    daprEndpoint: text(manifest.get('customEnv', 'dapr_http_endpoint')),
    mounted: mounts.map((mount) => (isRecord(mount) ? (text(mount.pluginName) ?? '') : '')),
  };
}

function fromWorkload(manifest: Manifest, container: number): Gateway {
  const pod: Path = ['spec', 'template', 'spec'];
  const variables = items(manifest.get(...pod, 'containers')).flatMap((each, index) =>
    envOf(each).map((variable, at) => ({ ...variable, index, at })),
  );
  const find = (name: string, inContainer?: number): (typeof variables)[number] | undefined =>
    variables.find((variable) => variable.name === name && (inContainer ?? variable.index) === variable.index);
  const placeOf = (name: string, inContainer?: number): Place => {
    const { index = container, at = -1 } = find(name, inContainer) ?? {};
    return manifest.place(...pod, 'containers', index, 'env', at);
  };
  const ofKong = (name: string): string => `KONG_${name.toUpperCase()}`;
  const ofController = (name: string): string => `CONTROLLER_${name.toUpperCase()}`;
  return {
    ...common(manifest, ['spec', 'template', 'metadata', 'annotations'], [...pod, 'terminationGracePeriodSeconds']),
    setting: (name) => find(ofKong(name), container)?.value,
    settingPlace: (name) => placeOf(ofKong(name), container),
    controllerSetting: (name) => find(ofController(name))?.value,
    controllerSettingPlace: (name) => placeOf(ofController(name)),
    daprEndpoint: find('DAPR_HTTP_ENDPOINT')?.value,
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

/** Dapr's app-id of a gateway that does not say its own: as our values have it. */
const OUR_APP_ID = 'serverless';

/** Dapr's app-id of the gateway. */
export function appIdOf(gateways: readonly Gateway[]): string {
  return gateways.map((gateway) => gateway.annotation('dapr.io/app-id')).find((id) => id !== undefined) ?? OUR_APP_ID;
}

/** Whether the gateway loads a plugin of this name. */
export function loadsPlugin(gateway: Gateway, plugin: string): boolean {
  return gateway.mounted.includes(plugin) || words(pluginsOf(gateway)).includes(plugin);
}

/** `plugins` of kong.conf. */
export function pluginsOf(gateway: Gateway): string {
  return gateway.setting('plugins') ?? KONG.plugins;
}
