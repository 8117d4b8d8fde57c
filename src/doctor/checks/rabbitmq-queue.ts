import { isRecord } from '../../core/types';
import { isTrue, items, numeric, text } from '../../manifests/value';
import { type Answer, ask } from '../ask';
import {
  type Diagnosis,
  type Examination,
  error,
  type Management,
  ok,
  skipped,
  type Surroundings,
  warning,
} from '../diagnosis';

export const rabbitmqQueue: Examination = {
  id: 'rabbitmq-queue',
  title: "Each topic's RabbitMQ exchange has a bound queue with a TTL (only with --rabbitmq-management-url)",
  // D3.
  why: 'Dapr answers 204 also for a message that no queue gets: nothing is started, and nothing says why.',
  async examine(at) {
    const { management } = at;
    if (management === undefined)
      return [skipped('Not looked at: give --rabbitmq-management-url http://USER:PASSWORD@HOST:15672.')];
    const topics = [...new Set(at.backends.map(({ topic }) => topic))];
    if (topics.length === 0) return [skipped('No topic is known: give --config FILE or --publish PUBSUB/TOPIC.')];
    const found: Diagnosis[] = [];
    for (const topic of topics) found.push(...(await examineTopic(at, management, topic)));
    return found;
  },
};

async function examineTopic(at: Surroundings, management: Management, topic: string): Promise<Diagnosis[]> {
  const exchange = await get(at, management, `exchanges/${vhost(management)}/${encodeURIComponent(topic)}`);
  const trouble = unreachable(management, exchange);
  if (trouble !== undefined) return [trouble];
  if (exchange.answered && exchange.status === 404) {
    return [error(`There is no exchange "${topic}".`, 'Apply the topology: exchange, queue and binding.')];
  }
  const wrong = exchangeProblem(topic, exchange);
  const path = `exchanges/${vhost(management)}/${encodeURIComponent(topic)}/bindings/source`;
  const bindings = await get(at, management, path);
  const queues = listOf(bindings)
    .filter((binding) => isRecord(binding) && binding.destination_type === 'queue')
    .map((binding) => text((binding as Record<string, unknown>).destination) ?? '');
  if (queues.length === 0) {
    return [
      ...wrong,
      error(`Exchange "${topic}" has no queue: every wake-up is dropped.`, 'Bind the queue that KEDA reads to it.'),
    ];
  }
  const judged: Diagnosis[] = [];
  for (const queue of queues) judged.push(await examineQueue(at, management, topic, queue));
  return [...wrong, ...judged];
}

/** What Dapr's own declaration would collide with. */
function exchangeProblem(topic: string, exchange: Answer): Diagnosis[] {
  if (!exchange.answered || !isRecord(exchange.body)) return [];
  const { durable, auto_delete: autoDelete } = exchange.body;
  if (isTrue(durable) && !isTrue(autoDelete)) return [];
  const message = `Exchange "${topic}" is ${isTrue(autoDelete) ? 'auto-delete' : 'transient'}.`;
  return [error(message, 'Delete it, declare it durable, and set deletedWhenUnused "false" in the Component.')];
}

async function examineQueue(
  at: Surroundings,
  management: Management,
  topic: string,
  queue: string,
): Promise<Diagnosis> {
  const answer = await get(at, management, `queues/${vhost(management)}/${encodeURIComponent(queue)}`);
  if (!answer.answered || answer.status !== 200 || !isRecord(answer.body)) {
    const reason = answer.answered ? `answers ${answer.status}` : answer.reason;
    const message = `"${topic}" leads to queue "${queue}", which cannot be read: ${management.url} ${reason}.`;
    return warning(message, 'Look at the queue with a user who may: it needs a TTL.');
  }
  const { body } = answer;
  const policy = isRecord(body.effective_policy_definition) ? body.effective_policy_definition : {};
  const argument = isRecord(body.arguments) ? numeric(body.arguments['x-message-ttl']) : undefined;
  const ttls = [argument, numeric(policy['message-ttl'])].filter((ttl) => ttl !== undefined);
  const depth = numeric(body.messages) ?? 0;
  const consumers = numeric(body.consumers) ?? 0;
  const seen = `"${topic}" leads to queue "${queue}" (${depth} messages, TTL ${ttls.length === 0 ? 'none' : `${Math.min(...ttls)} ms`})`;
  if (consumers > 0) {
    const message = `${seen}, and ${consumers} consumers take the wake-ups out.`;
    return warning(message, 'Stop them: the depth of the queue is what KEDA scales by.');
  }
  if (ttls.length === 0) {
    return error(
      `${seen}: the backend never sleeps again.`,
      'Declare the queue with x-message-ttl 30000, or set a policy with message-ttl.',
    );
  }
  return ok(`${seen}.`);
}

function unreachable({ url }: Management, answer: Answer): Diagnosis | undefined {
  if (!answer.answered) return error(`${url}: ${answer.reason}.`, 'Correct --rabbitmq-management-url.');
  if (answer.status === 401 || answer.status === 403) {
    return error(
      `${url} answers ${answer.status}.`,
      'Give a user with the tag "monitoring" or "management" in the URL.',
    );
  }
  if (answer.status === 200 || answer.status === 404) return undefined;
  return error(`${url} answers ${answer.status}.`, 'Look whether that is the management API.');
}

function get(at: Surroundings, { url, authorization }: Management, path: string): Promise<Answer> {
  return ask(
    at,
    `${url}/api/${path}`,
    authorization === undefined ? {} : { headers: { Authorization: authorization } },
  );
}

function vhost(management: Management): string {
  return encodeURIComponent(management.vhost);
}

function listOf(answer: Answer): readonly unknown[] {
  return answer.answered ? items(answer.body) : [];
}
