import { type WakeUpPath, wakeUpPaths } from '../../manifests/queues';
import { needsSweeper, type Sweeper } from '../../manifests/sweepers';
import type { Problem, Rule } from '../rule';

/** The queue as a sweeper names it. */
function sweptName({ queue, trigger, component }: WakeUpPath): string {
  const topic = component.broker === 'servicebus' ? trigger.metadata('topicName') : undefined;
  return topic === undefined ? queue.name : `${topic}/subscriptions/${queue.name}`;
}

function problemOf(path: WakeUpPath, sweepers: readonly Sweeper[]): Problem | undefined {
  const own = sweepers.filter(({ broker }) => broker === path.component.broker);
  const name = sweptName(path);
  if (own.some(({ queues }) => queues.includes(name))) return undefined;
  const [sweeper] = own;
  if (sweeper === undefined) return { at: path.queue.place, message: `Nobody drops expired messages from "${name}".` };
  const swept = sweeper.queues.map((queue) => `"${queue}"`).join(', ');
  return { at: sweeper.place, message: `"${name}" is not among the queues that the sweeper looks at: ${swept}.` };
}

export const expiredMessages: Rule = {
  id: 'expired-messages',
  severity: 'warning',
  title: 'Somebody drops expired messages where the broker does not',
  // D14.
  why:
    'Azure Service Bus removes an expired message only when somebody receives, and a Redis stream keeps its entries until it is trimmed. ' +
    'Nobody consumes the wake-ups: their number need not fall, and KEDA might never scale the backend back to zero.',
  fix: 'Apply keda/servicebus/sweeper.yaml or keda/redis/sweeper.yaml with the queue in its list; the chart serverless-backend brings its own.',
  *check(set) {
    // Where no pod is among the files, a sweeper would not be either.
    if (set.workloads.length === 0) return;
    for (const path of wakeUpPaths(set)) {
      const problem = needsSweeper(path.component.broker) ? problemOf(path, set.sweepers) : undefined;
      if (problem !== undefined) yield problem;
    }
  },
};
