import type { Component } from '../../manifests/components';
import { topologyKnown, wakeUpPaths } from '../../manifests/queues';
import type { Problem, Rule } from '../rule';

/** Brokers where the topic is what KEDA reads, so that a different name is always wrong. */
function mustBeEqual({ type, broker }: Component): boolean {
  return broker === 'redis' || type === 'pubsub.azure.servicebus.queues';
}

export const queueName: Rule = {
  id: 'queue-name',
  severity: 'error',
  title: "The queue that KEDA reads is named like the plugin's topic where nothing else says that they belong together",
  why: 'KEDA watches a queue that gets no wake-ups: the backend is never started.',
  fix: "Give the trigger the topic's name, or check the broker's topology together with these files.",
  *check(set) {
    for (const path of wakeUpPaths(set)) {
      const { backend, component, trigger, queue } = path;
      const topic = trigger.metadata('topicName');
      const seen = `The trigger reads "${queue.name}", the plugin publishes to "${backend.topic}"`;
      let problem: Problem | undefined;
      if (component.broker === 'servicebus' && topic !== undefined) {
        if (topic === backend.topic) continue;
        problem = {
          at: trigger.metadataPlace('topicName'),
          message: `The trigger reads topic "${topic}", the plugin publishes to "${backend.topic}".`,
        };
      } else if (queue.name !== backend.topic) {
        if (mustBeEqual(component)) problem = { at: queue.place, message: `${seen}.` };
        else if (!topologyKnown(set, path)) {
          problem = {
            at: queue.place,
            message: `${seen}, and no file says that the one gets the other's messages.`,
            severity: 'warning',
          };
        }
      }
      if (problem !== undefined) yield problem;
    }
  },
};
