import { KONG } from '../../manifests/host-defaults';
import type { Place } from '../../manifests/manifest';
import { type ManifestSet, unique } from '../../manifests/set';
import { selects } from '../../manifests/services';
import { numeric } from '../../manifests/value';
import { CONTAINERS, GRACE_PERIOD, type Workload } from '../../manifests/workloads';
import type { Problem, Rule } from '../rule';

/** Of the controller, on a Service: the longest silence of the backend, milliseconds. */
const READ_TIMEOUT = 'konghq.com/read-timeout';
/** Ours, on a ScaledObject, which the chart writes: seconds. */
const LONGEST_REQUEST = 'serverless/longest-request';

export const podGrace: Rule = {
  id: 'pod-grace',
  severity: 'warning',
  title: 'A pod that leaves finishes its requests',
  why:
    'KEDA and the HPA take replicas away while requests are open. The gateway learns of it up to 3 s later (C3): without a preStop hook ' +
    'the requests on their way meet a closed port. At the end of the grace period Kubernetes kills the pod, and cuts off what is open.',
  fix:
    'Give the container a preStop hook that sleeps for 5 s, and write a terminationGracePeriodSeconds of the longest request plus those 5 s. ' +
    `If the requests are shorter than ${READ_TIMEOUT} says, write their seconds into the ScaledObject's annotation ${LONGEST_REQUEST}.`,
  *check(set) {
    const workloads = unique(set.backends.flatMap((backend) => set.workloadsOf(backend)));
    for (const workload of workloads.filter((one) => set.scalersOf(one).length > 0)) yield* problemsOf(set, workload);
  },
};

function* problemsOf(set: ManifestSet, workload: Workload): Generator<Problem> {
  const { manifest, containers, gracePeriodMs } = workload;
  const hooks = containers.flatMap(({ preStop }) => (preStop === undefined ? [] : [preStop]));
  if (containers.length > 0 && hooks.length === 0) {
    const message = 'It has no preStop hook: requests on their way to a pod that leaves are lost.';
    yield { at: manifest.place(...CONTAINERS, 0), message };
  }
  const at = manifest.place(...GRACE_PERIOD);
  const [grace, sleep] = [gracePeriodMs / 1000, Math.max(0, ...hooks.map(({ sleepMs }) => sleepMs)) / 1000];
  const longest = longestRequest(set, workload);
  if (sleep >= grace) {
    yield { at, message: `The pod has ${grace} s to end, and its preStop hook alone sleeps for ${sleep} s.` };
  } else if (longest !== undefined && longest.seconds + sleep > grace) {
    const before = sleep === 0 ? '' : ` after a preStop hook of ${sleep} s`;
    const message = `The pod has ${grace} s to end; a request may take ${longest.seconds} s${before}, by ${longest.said}.`;
    yield { at, message };
  }
}

interface Longest {
  readonly seconds: number;
  /** Where that is written. */
  readonly said: string;
}

/** The longest request that the operator has in mind; undefined where nobody said one. */
function longestRequest(set: ManifestSet, workload: Workload): Longest | undefined {
  const annotation = ({ manifest }: Pick<Place, 'manifest'>, name: string, unitMs: number): Longest[] => {
    const value = numeric(manifest.get('metadata', 'annotations', name));
    if (value === undefined) return [];
    return [{ seconds: (value * unitMs) / 1000, said: `${name} of ${manifest.label}` }];
  };
  const written = set.scalersOf(workload).flatMap((scaler) => annotation(scaler, LONGEST_REQUEST, 1000));
  // Kong allows 60 s of silence without being asked: nobody has said anything by that.
  const allowed = set.services
    .filter((service) => selects(service, workload))
    .flatMap((service) => annotation(service, READ_TIMEOUT, 1))
    .filter(({ seconds }) => seconds * 1000 > KONG.serviceReadTimeoutMs);
  const said = written.length > 0 ? written : allowed;
  return said.reduce<Longest | undefined>((most, one) => (most && most.seconds >= one.seconds ? most : one), undefined);
}
