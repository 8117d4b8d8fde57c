import { isRecord } from '../core/types';
import { HELM_VALUES } from './kinds';
import type { Manifest, Place } from './manifest';
import { items, text } from './value';

/** Where Kubernetes mounts a pod's service account, and where our values do. */
const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const POD = ['spec', 'template', 'spec'] as const;

/** What lets the plugin server of a gateway see where pods are. */
export interface KubernetesAccess {
  /** `SERVERLESS_KUBERNETES`: `auto`, `off`, or the folder of a service account. */
  readonly setting: string;
  /** A service account is mounted where the setting looks. */
  readonly isMounted: boolean;
  readonly mountPlace: Place;
  /** False: no ingress controller in the pod, whose service account may read EndpointSlices already. */
  readonly hasController: boolean;
}

/** Of a gateway's values for Kong's chart, or of its Deployment. */
export function kubernetesAccessOf(manifest: Manifest): KubernetesAccess {
  return manifest.kind === HELM_VALUES ? ofValues(manifest) : ofWorkload(manifest);
}

/** Whether a Role or ClusterRole of these documents lets its holder watch EndpointSlices. */
export function grantsEndpointSlices(manifests: readonly Manifest[]): boolean {
  return manifests.some(
    (manifest) =>
      (manifest.kind === 'Role' || manifest.kind === 'ClusterRole') &&
      items(manifest.get('rules')).some(
        (rule) => isRecord(rule) && ['endpointslices', '*'].some((name) => items(rule.resources).includes(name)),
      ),
  );
}

function ofValues(manifest: Manifest): KubernetesAccess {
  const setting = text(manifest.get('customEnv', 'serverless_kubernetes')) ?? 'auto';
  return {
    setting,
    isMounted: mounts(manifest.get('deployment', 'userDefinedVolumeMounts'), setting),
    mountPlace: manifest.place('deployment', 'userDefinedVolumeMounts'),
    hasController: manifest.get('ingressController', 'enabled') !== false,
  };
}

function ofWorkload(manifest: Manifest): KubernetesAccess {
  const containers = items(manifest.get(...POD, 'containers')).filter(isRecord);
  const variables = containers.flatMap(({ env }) => items(env).filter(isRecord));
  const setting = text(variables.find(({ name }) => name === 'SERVERLESS_KUBERNETES')?.value) ?? 'auto';
  const isAutomatic = manifest.get(...POD, 'automountServiceAccountToken') !== false && setting === 'auto';
  return {
    setting,
    isMounted: isAutomatic || containers.some(({ volumeMounts }) => mounts(volumeMounts, setting)),
    mountPlace: manifest.place(...POD, 'automountServiceAccountToken'),
    // Its service account is not told here whose rights it has.
    hasController: true,
  };
}

function mounts(list: unknown, setting: string): boolean {
  const folder = setting === 'auto' ? SERVICE_ACCOUNT_FOLDER : setting;
  return items(list).some((mount) => isRecord(mount) && mount.mountPath === folder);
}
