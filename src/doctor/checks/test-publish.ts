import { isRecord } from '../../core/types';
import { text } from '../../manifests/value';
import { askDapr } from '../ask';
import { type Examination, error, ok, skipped } from '../diagnosis';

/** A publish that finds the broker gone is answered after 6 s (D2). */
const TIMEOUT_MS = 15_000;

const FIXES: Partial<Record<number, string>> = {
  400: 'Name a pub/sub component.',
  401: 'Set DAPR_API_TOKEN as for the sidecar.',
  403: "Let the gateway's app-id publish to the topic: publishingScopes and allowedTopics of the Component.",
  404: "Put the Component in the gateway's namespace with the gateway's app-id in its scopes, or correct its name.",
};

export const testPublish: Examination = {
  id: 'test-publish',
  title: 'A message can be published (only with --publish)',
  why: 'This is what a wake-up does.',
  async examine(at) {
    if (at.publish === undefined) return [skipped('Nothing was published: give --publish PUBSUB/TOPIC to try it.')];
    const { pubsub, topic } = at.publish;
    const path = `/v1.0/publish/${encodeURIComponent(pubsub)}/${encodeURIComponent(topic)}?metadata.ttlInSeconds=1`;
    const body = JSON.stringify({ reason: 'doctor', at: new Date(at.now()).toISOString() });
    const started = at.now();
    const answer = await askDapr(at, path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      timeoutMs: TIMEOUT_MS,
    });
    if (!answer.answered)
      return [error(`Publishing to ${pubsub}/${topic}: ${answer.reason}.`, 'Start the sidecar; see dapr-health.')];
    if (answer.status >= 200 && answer.status < 300) {
      // D3.
      const caution = at.management === undefined ? ' That is no proof of a queue: add --rabbitmq-management-url.' : '';
      return [ok(`${pubsub}/${topic} took a message (TTL 1 s) after ${at.now() - started} ms.${caution}`)];
    }
    const reason = isRecord(answer.body) ? (text(answer.body.message) ?? '') : '';
    const fix =
      FIXES[answer.status] ??
      'Look whether the broker runs, and whether the exchange or topic agrees with the Component (RabbitMQ: deletedWhenUnused "false").';
    return [error(`Publishing to ${pubsub}/${topic} is answered ${answer.status}: ${reason}.`, fix)];
  },
};
