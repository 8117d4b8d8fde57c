import { topologyKnown, wakeUpPaths } from '../../manifests/queues';
import type { Rule } from '../rule';

export const queueBound: Rule = {
  id: 'queue-bound',
  severity: 'error',
  title: 'The queue that KEDA reads is bound to the topic that the plugin publishes to',
  // D3.
  why: 'A message that reaches no queue is dropped, and Dapr answers 204 all the same: nothing wakes the backend, nothing says why.',
  fix: "Bind the queue to the topic's exchange, or let KEDA read the queue that is bound to it.",
  *check(set) {
    for (const path of wakeUpPaths(set)) {
      const { backend, component, queue } = path;
      if (!topologyKnown(set, path)) continue;
      const bindings = set.topology.bindings.filter(({ broker }) => broker === component.broker);
      // A broker without bindings among its objects, as Service Bus queues: queue-name compares the names.
      if (component.broker !== 'rabbitmq' && bindings.length === 0) continue;
      const declared = set.topology.queues.some(
        ({ broker, name }) => broker === component.broker && name === queue.name,
      );
      if (
        !declared ||
        bindings.some(({ source, destination }) => source === backend.topic && destination === queue.name)
      )
        continue;
      const bound = bindings
        .filter(({ source }) => source === backend.topic)
        .map(({ destination }) => `"${destination}"`);
      const instead = bound.length === 0 ? 'no queue is' : `bound is ${[...new Set(bound)].join(', ')}`;
      yield { at: queue.place, message: `Queue "${queue.name}" is not bound to topic "${backend.topic}"; ${instead}.` };
    }
  },
};
