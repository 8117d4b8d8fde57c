import type { Rule } from '../rule';

export const scaleToZero: Rule = {
  id: 'scale-to-zero',
  severity: 'error',
  title: 'The ScaledObject of a backend lets it go to zero',
  why: 'With at least one replica the backend never sleeps: it costs what it cost before, and the plugin has nothing to do.',
  fix: 'Write minReplicaCount: 0.',
  *check(set) {
    for (const { manifest, minReplicas, maxReplicas } of set.backends.flatMap((backend) =>
      set.scaledObjectsOf(backend),
    )) {
      if (minReplicas > 0) {
        yield {
          at: manifest.place('spec', 'minReplicaCount'),
          message: `KEDA keeps ${minReplicas} replicas at all times.`,
        };
      }
      if (maxReplicas < 1) {
        const fix = 'Write the number of replicas that you can afford.';
        yield { at: manifest.place('spec', 'maxReplicaCount'), message: 'KEDA may start no replica at all.', fix };
      }
    }
  },
};
