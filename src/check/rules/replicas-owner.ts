import type { Rule } from '../rule';

export const replicasOwner: Rule = {
  id: 'replicas-owner',
  severity: 'warning',
  title: 'A Deployment that KEDA scales says nothing about replicas',
  why: 'Each apply of the Deployment sets the number again: a sleeping backend is started, a busy one is cut down in the middle of its load.',
  fix: 'Remove spec.replicas from the Deployment.',
  *check(set) {
    for (const workload of set.workloads) {
      if (workload.manifest.get('spec', 'replicas') === undefined || set.scalersOf(workload).length === 0) continue;
      yield {
        at: workload.manifest.place('spec', 'replicas'),
        message: 'KEDA owns the number of replicas of this Deployment.',
      };
    }
  },
};
