import { DAPR } from '../../manifests/host-defaults';
import { numeric } from '../../manifests/value';
import type { Workload } from '../../manifests/workloads';
import type { Problem, Rule } from '../rule';

export const sidecarPorts: Rule = {
  id: 'sidecar-ports',
  severity: 'error',
  title: 'A container leaves the ports of its Dapr sidecar alone',
  why: 'The containers of a pod share one address: whoever starts second finds the port taken, and ends again and again (D15).',
  fix: 'Write dapr.io/metrics-port with a port that nothing else in the pod has, or have the container listen elsewhere.',
  *check(set) {
    for (const workload of set.workloads.filter(({ annotations }) => annotations['dapr.io/enabled'] === 'true'))
      yield* problemsOf(workload);
  },
};

function* problemsOf({ annotations, containers }: Workload): Generator<Problem> {
  const taken = new Map<number, string>(DAPR.sidecarPorts);
  if (annotations['dapr.io/enable-metrics'] !== 'false')
    taken.set(numeric(annotations['dapr.io/metrics-port']) ?? DAPR.metricsPort, 'metrics');
  for (const { place, ports } of containers)
    for (const [index, { number }] of ports.entries()) {
      const use = number === undefined ? undefined : taken.get(number);
      if (use === undefined) continue;
      yield {
        at: place.manifest.place(...place.path, 'ports', index, 'containerPort'),
        message: `Port ${number} is the sidecar's, for its ${use}.`,
      };
    }
}
