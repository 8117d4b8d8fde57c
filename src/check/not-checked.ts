import type { ManifestSet } from '../manifests/set';

/** What the rules were silent about only because the documents for it are not among the files. */
export function notChecked(set: ManifestSet): string[] {
  if (set.backends.length === 0)
    return ['No KongPlugin with backends is among the files: only each document by itself was checked.'];
  const brokers = new Set(set.backends.flatMap((backend) => set.componentsOf(backend).map(({ broker }) => broker)));
  const undeclared = [...brokers].filter(
    (broker) => broker !== 'redis' && !set.topology.queues.some((queue) => queue.broker === broker),
  );
  const gaps: (readonly [boolean, string])[] = [
    [set.routes.length === 0, 'No Ingress and no HTTPRoute: whether requests reach the backends.'],
    [set.components.length === 0, 'No Dapr Component: whether wake-ups can be published.'],
    [set.scaledObjects.length === 0, 'No ScaledObject: whether KEDA reads the right queue.'],
    [set.workloads.length === 0, 'No Deployment: whether its readiness agrees with the probe.'],
    [undeclared.length > 0, 'No topology of the broker: whether the queue exists, is bound and has a TTL.'],
    [set.gateways.length === 0, "No values of Kong's chart: whether the gateway loads the plugin and has a sidecar."],
  ];
  return gaps.filter(([missing]) => missing).map(([, gap]) => gap);
}
