import { PUSH } from '../../manifests/push-scalers';
import { isToldDirectly, pushWays } from '../../manifests/push-ways';
import { topologyKnown, type WakeUpPath, wakeUpPaths } from '../../manifests/queues';
import type { ManifestSet } from '../../manifests/set';
import { numeric } from '../../manifests/value';
import type { Problem, Rule } from '../rule';

/** Brokers that do not end a message at its own time to live, but at their queue's. */
const QUEUE_DECIDES: readonly (string | undefined)[] = ['sqs', 'pubsub'];
/** How KEDA's triggers name the messages that one replica is for. */
const PER_REPLICA = ['value', 'queueLength', 'messageCount', 'streamLength'];

export const pushAndQueue: Rule = {
  id: 'push-and-queue',
  severity: 'warning',
  title: 'A queue trigger beside a push trigger gets messages, and wants no more than that',
  why:
    'KEDA takes the most that any trigger wants, and a backend sleeps once none wants it. A queue trigger that fails closes the push ' +
    'stream, too (E9).',
  fix: 'Let the queue only wake: as many messages per replica as it can hold, for as long as the plugin says; or remove the trigger.',
  *check(set) {
    for (const path of wakeUpPaths(set)) {
      const push = path.scaledObject.triggers.find(({ type }) => type === PUSH);
      if (push === undefined) continue;
      yield* ofPublisher(set, path);
      yield* ofTimeToLive(set, path);
      yield* ofReplicas(path, numeric(push.metadata('targetRequests')));
    }
  },
};

function* ofPublisher(set: ManifestSet, { scaledObject, trigger, queue }: WakeUpPath): Generator<Problem> {
  const scalers = pushWays(set)
    .filter((way) => way.scaledObject === scaledObject)
    .flatMap((way) => way.scalers);
  // Where a scaler behind Dapr is among the files, too, which of the two is meant cannot be told.
  if (scalers.length === 0 || scalers.some(({ sidecar }) => sidecar !== undefined)) return;
  if (!scalers.some((scaler) => isToldDirectly(set, scaler))) return;
  yield {
    at: trigger.place,
    message: `The gateway publishes to the scaler alone, so nothing comes to queue "${queue.name}".`,
    fix: 'Remove the trigger, or let the gateway publish to Dapr and the scaler subscribe (manifests/scaler-dapr).',
  };
}

function* ofTimeToLive(set: ManifestSet, path: WakeUpPath): Generator<Problem> {
  const { backend, component, queue, scaledObject } = path;
  const messageMs = backend.settings?.policy.messageTtlMs;
  if (messageMs === undefined || !QUEUE_DECIDES.includes(component.broker) || !topologyKnown(set, path)) return;
  const declared = set.topology.queues.find(({ broker, name }) => broker === component.broker && name === queue.name);
  if (declared?.ttlMs === undefined || declared.ttlMs <= messageMs) return;
  const [kept, counted, cooldown] = [declared.ttlMs, messageMs, scaledObject.cooldownMs].map((ms) => ms / 1000);
  yield {
    at: declared.ttlPlace,
    message:
      `The queue keeps a message for ${kept} s, the push counts it for ${counted} s: the backend stays up for ` +
      `${kept} + ${cooldown} s.`,
    fix: `Write message_ttl: ${kept} in the plugin's configuration, so that both say the same, or remove the queue trigger.`,
  };
}

function* ofReplicas({ backend, trigger }: WakeUpPath, targetRequests: number | undefined): Generator<Problem> {
  const policy = backend.settings?.policy;
  const field = PER_REPLICA.find((name) => trigger.metadata(name) !== undefined);
  const messages = field === undefined ? undefined : numeric(trigger.metadata(field));
  if (policy === undefined || field === undefined || messages === undefined || targetRequests === undefined) return;
  const requests = messages * policy.requestsPerMessage;
  // What one gateway publishes at most within the life of a message: then the queue never wants a second replica for it.
  const most = Math.ceil((policy.maxMessageRate * policy.messageTtlMs) / 1000);
  if (requests >= targetRequests || messages >= most) return;
  yield {
    at: trigger.metadataPlace(field),
    message: `The queue wants a replica per ${requests} requests, the push one per ${targetRequests}.`,
    fix: `Write ${most} or more: so many messages does one gateway publish at most within their life.`,
  };
}
