import { wakeUpPaths } from '../../manifests/queues';
import type { Rule } from '../rule';

export const scalerMode: Rule = {
  id: 'scaler-mode',
  severity: 'error',
  title: 'KEDA counts the messages that wait in the queue',
  why: "Nobody consumes the wake-ups, so only the queue's depth says that a backend is needed; rates and pending deliveries stay at 0.",
  fix: 'RabbitMQ: mode QueueLength. Pub/Sub: mode SubscriptionSize. Redis Streams: streamLength and no consumerGroup.',
  *check(set) {
    for (const { trigger, component } of wakeUpPaths(set)) {
      const mode = trigger.metadata('mode');
      const wanted = { rabbitmq: 'QueueLength', pubsub: 'SubscriptionSize' } as Partial<Record<string, string>>;
      const right = component.broker === undefined ? undefined : wanted[component.broker];
      if (right !== undefined && mode !== undefined && mode !== right) {
        yield {
          at: trigger.metadataPlace('mode'),
          message: `The trigger counts by ${mode}.`,
          fix: `Write mode: ${right}.`,
        };
      }
      if (component.broker === 'redis') {
        const wrong = ['consumerGroup', 'pendingEntriesCount', 'lagCount'].find(
          (name) => trigger.metadata(name) !== undefined,
        );
        if (wrong !== undefined) {
          yield {
            at: trigger.metadataPlace(wrong),
            message: `The trigger counts what a consumer group has been given (${wrong}).`,
          };
        }
      }
    }
  },
};
