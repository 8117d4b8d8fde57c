import { fieldOf } from '../../manifests/plugins';
import type { Rule } from '../rule';

export const companions: Rule = {
  id: 'companions',
  severity: 'warning',
  title: 'A topic of wakes_with wakes another backend',
  why: 'A message to a topic that no backend has wakes nothing, and Dapr takes it all the same (D3).',
  fix: 'Write pubsub and topic as the other backend has them.',
  *check(set) {
    for (const backend of set.backends)
      for (const [index, { pubsub, topic }] of (backend.settings?.wakesWith ?? []).entries()) {
        const isKnown =
          set.backends.some((other) => other.pubsub === pubsub && other.topic === topic) ||
          set.scaledObjects.some(({ triggers }) =>
            triggers.some((trigger) => trigger.queue?.name === topic || trigger.metadata('topic') === topic),
          );
        if (!isKnown)
          yield {
            at: fieldOf(backend, 'wakes_with', index, 'topic'),
            message: `No backend and no ScaledObject here has topic "${topic}" of "${pubsub}".`,
          };
      }
  },
};
