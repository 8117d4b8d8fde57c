import type { PushScaler } from '../../manifests/push-scalers';
import { isToldDirectly, type PushWay, pushWays, subscriptionsOfScaler } from '../../manifests/push-ways';
import type { ManifestSet } from '../../manifests/set';
import type { Problem, Rule } from '../rule';

/** Where the scaler takes Dapr's events. */
const EVENTS = '/events';

export const pushTold: Rule = {
  id: 'push-told',
  severity: 'error',
  title: 'The scaler is told what is published to the topic of each push trigger',
  why: 'The scaler can tell KEDA only what reaches it: a topic that nobody delivers to it wakes no backend, and nothing says why.',
  fix:
    "Name the topic in a Subscription with route /events, or in SERVERLESS_SCALER_SUBSCRIBE; without Dapr let the gateway's " +
    'DAPR_HTTP_ENDPOINT be the scaler.',
  *check(set) {
    for (const way of pushWays(set)) {
      const found = way.scalers.map((scaler) => [...problemsOf(set, way, scaler)]);
      // Of alternatives, such as the scaler with Dapr and the one without, one that is told is enough.
      if (found.every((problems) => problems.length > 0)) yield* found[0] ?? [];
    }
  },
};

function* problemsOf(set: ManifestSet, way: PushWay, scaler: PushScaler): Generator<Problem> {
  const { pubsub, topic, trigger } = way;
  const { sidecar, subscribed, httpPort, annotationsPlace } = scaler;
  const { label } = scaler.workload.manifest;
  if (isToldDirectly(set, scaler)) return;
  if (sidecar === undefined) {
    // Who publishes to it can be told only where the gateway's values are among the files.
    if (set.gateways.length > 0)
      yield {
        at: trigger.metadataPlace('scalerAddress'),
        message: `No gateway publishes to ${label}, and it has no Dapr sidecar.`,
      };
    return;
  }
  if (sidecar.appPort !== httpPort) {
    const found = sidecar.appPort === undefined ? 'is missing' : `is ${sidecar.appPort}`;
    yield {
      at: annotationsPlace,
      message: `dapr.io/app-port of ${label} ${found}; it takes events at ${httpPort}.`,
      fix: `Write dapr.io/app-port: '${httpPort}'.`,
    };
  }
  const subscriptions = subscriptionsOfScaler(set, scaler).filter((one) => one.pubsub === pubsub);
  const ofTopic = subscriptions.filter((one) => one.topic === topic);
  if (ofTopic.length === 0 && !subscribed.includes(`${pubsub}/${topic}`)) {
    const others = [...subscriptions.map((one) => one.topic), ...subscribed].filter((name) => name !== '');
    const instead = others.length === 0 ? 'it has no subscription' : `it has ${[...new Set(others)].join(', ')}`;
    yield {
      at: trigger.metadataPlace('topic'),
      message: `The sidecar of ${label} subscribes to no "${topic}" of "${pubsub}"; ${instead}.`,
    };
  }
  for (const { path, place } of ofTopic.flatMap(({ routes }) => routes))
    if (path !== EVENTS)
      yield { at: place, message: `The route is "${path}".`, fix: `Write ${EVENTS}, where the scaler takes events.` };
}
