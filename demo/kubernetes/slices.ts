import type { Deployment } from '../replicas/deployment';

/** The namespace that the demo's Services are in. */
export const NAMESPACE = 'demo';

/** An EndpointSlice of `discovery.k8s.io/v1`, as much of it as tells where pods are. */
export interface EndpointSlice {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly addressType: 'IPv4';
  readonly ports: readonly { readonly name: ''; readonly port: number }[];
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  }[];
}

/**
 * The slices of the Services in front of these Deployments. A slice has one set of ports for all of its endpoints, and each replica
 * here has a port of its own on one address: so each has a slice of its own. One without endpoints says that there are no others.
 */
export function slicesOf(deployments: readonly Deployment[]): EndpointSlice[] {
  return deployments.flatMap(({ name, replicas }) => [
    slice(name, `${name}-none`),
    ...replicas.flatMap(({ name: replica, port, phase }) => {
      if (port === undefined || phase === 'terminated') return [];
      const conditions = { ready: phase === 'ready', serving: phase === 'ready', terminating: phase === 'stopping' };
      return slice(name, replica, port, [{ addresses: ['127.0.0.1'], conditions }]);
    }),
  ]);
}

function slice(
  service: string,
  name: string,
  port?: number,
  endpoints: EndpointSlice['endpoints'] = [],
): EndpointSlice {
  return {
    metadata: { name, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: port === undefined ? [] : [{ name: '', port }],
    endpoints,
  };
}
