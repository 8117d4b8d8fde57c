import { selects } from '../../manifests/services';
import type { Rule } from '../rule';

export const scaledObjectTarget: Rule = {
  id: 'scaled-object-target',
  severity: 'warning',
  title: 'A ScaledObject names a Deployment that exists',
  why: 'KEDA cannot start what it does not find; requests for the backend are held in vain.',
  fix: "Write the Deployment's name, or check it together with these files.",
  *check(set) {
    // An auxiliary Deployment, such as one that trims a stream or tells KEDA, does not say that the backends' are among the files too.
    const serving = set.serving.filter(
      (workload) => set.scalersOf(workload).length > 0 || set.services.some((service) => selects(service, workload)),
    );
    if (serving.length === 0) return;
    for (const { target, namespace } of set.scaledObjects) {
      const known = set.workloads.some(
        ({ manifest }) =>
          manifest.kind === target.kind && manifest.name === target.name && manifest.namespace === namespace,
      );
      // Other kinds with a scale subresource, such as an Argo Rollout, are not read.
      if (known || !['Deployment', 'StatefulSet'].includes(target.kind)) continue;
      yield { at: target.place, message: `There is no ${target.kind} "${namespace}/${target.name}" among the files.` };
    }
  },
};
