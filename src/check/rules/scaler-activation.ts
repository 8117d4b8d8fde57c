import { wakeUpPaths } from '../../manifests/queues';
import { numeric } from '../../manifests/value';
import type { Rule } from '../rule';

export const scalerActivation: Rule = {
  id: 'scaler-activation',
  severity: 'error',
  title: 'One message is enough to wake a backend',
  why: 'A cold start publishes one message. KEDA starts nothing until the queue is deeper than the activation value.',
  fix: 'Remove the activation value, or write 0.',
  *check(set) {
    for (const { trigger } of wakeUpPaths(set)) {
      for (const name of trigger.metadataNames.filter((found) => found.startsWith('activation'))) {
        const value = numeric(trigger.metadata(name)) ?? 0;
        if (value > 0)
          yield {
            at: trigger.metadataPlace(name),
            message: `KEDA wants more than ${value} messages to start the backend.`,
          };
      }
    }
  },
};
