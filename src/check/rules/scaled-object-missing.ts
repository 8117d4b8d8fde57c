import type { Rule } from '../rule';

export const scaledObjectMissing: Rule = {
  id: 'scaled-object-missing',
  severity: 'error',
  title: "Each backend's Deployment has a ScaledObject",
  why: 'Wake-ups pile up in a queue that nobody watches: nothing starts the backend once it is at zero, and nothing takes it there.',
  fix: 'Add a ScaledObject in the same namespace whose scaleTargetRef.name is the Deployment.',
  *check(set) {
    if (set.scaledObjects.length === 0) return;
    for (const workload of set.backends.flatMap((backend) => set.workloadsOf(backend))) {
      if (set.scalersOf(workload).length > 0) continue;
      const { manifest } = workload;
      const elsewhere = set.scaledObjects.find(({ target }) => target.name === manifest.name);
      const hint =
        elsewhere === undefined
          ? ''
          : ` ${elsewhere.manifest.label} is for a ${elsewhere.target.kind} of its own namespace.`;
      yield { at: manifest.place('metadata', 'name'), message: `No ScaledObject scales ${manifest.label}.${hint}` };
    }
  },
};
