import { grantsEndpointSlices, kubernetesAccessOf } from '../../manifests/kubernetes-access';
import { loadsPlugin } from '../../manifests/gateways';
import type { Rule } from '../rule';

export const endpointsAccess: Rule = {
  id: 'endpoints-access',
  severity: 'warning',
  title: 'The plugin server can see where pods are',
  why:
    'Without it a request that waits is released only once the pod is Ready and Kong has heard of it: up to 9 s later with the readiness ' +
    'period that Kubernetes has by default.',
  fix:
    'Mount a service account token as kong/values.yaml does (volume kubernetes-api), or write customEnv.serverless_kubernetes: ' +
    "'off' if that is meant.",
  *check({ gateways, manifests }) {
    // Values are laid over each other: one file mounts it for all.
    const all = gateways.map((gateway) => ({ gateway, access: kubernetesAccessOf(gateway.manifest) }));
    if (all.some(({ access }) => access.setting === 'off')) return;
    const isMounted = all.some(({ access }) => access.isMounted);
    for (const { gateway, access } of all) {
      if (!isMounted && loadsPlugin(gateway, 'serverless'))
        yield {
          at: access.mountPlace,
          message: 'No service account is mounted where the plugin server looks for one.',
        };
      if (isMounted && !access.hasController && !grantsEndpointSlices(manifests)) {
        yield {
          at: gateway.manifest.place('ingressController', 'enabled'),
          message: 'Without the controller in its pod, the service account of the gateway may not read EndpointSlices.',
          fix: 'Apply manifests/endpoints-reader in each namespace with backends, for the service account of the gateway.',
        };
      }
    }
  },
};
