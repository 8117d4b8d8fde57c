import { closesPush } from '../../manifests/push-ways';
import { topologyKnown, wakeUpPaths } from '../../manifests/queues';
import type { Rule } from '../rule';

export const queueDeclared: Rule = {
  id: 'queue-declared',
  severity: 'error',
  title: 'The queue that KEDA reads is declared',
  why: 'A ScaledObject whose queue does not exist is never Ready: KEDA starts nothing, and every request is held in vain.',
  fix: 'Write the name of a queue that is bound to the topic, or declare this one.',
  *check(set) {
    for (const path of wakeUpPaths(set)) {
      const { component, queue, scaledObject } = path;
      if (!topologyKnown(set, path)) continue;
      const declared = set.topology.queues.filter(({ broker }) => broker === component.broker);
      if (declared.some(({ name }) => name === queue.name)) continue;
      const names = [...new Set(declared.map(({ name }) => `"${name}"`))].join(', ');
      const message = `No queue "${queue.name}" is declared; there is ${names}.${closesPush(scaledObject)}`;
      yield { at: queue.place, message };
    }
  },
};
