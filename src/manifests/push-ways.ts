import { PUSH, type PushScaler, scalersOfTrigger, serviceAddress, servicesAt } from './push-scalers';
import type { ScaledObject, Trigger } from './scaled-objects';
import { selects } from './services';
import type { ManifestSet } from './set';
import type { Subscription } from './subscriptions';

/** One trigger that KEDA is told by, and the scalers among the documents that it asks: one, or alternatives of it. */
export interface PushWay {
  readonly scaledObject: ScaledObject;
  readonly trigger: Trigger;
  readonly pubsub: string;
  readonly topic: string;
  readonly scalers: readonly PushScaler[];
}

/** The push triggers whose scaler is among the documents. */
export function pushWays(set: ManifestSet): PushWay[] {
  return set.scaledObjects.flatMap((scaledObject) =>
    scaledObject.triggers
      .filter(({ type }) => type === PUSH)
      .map((trigger) => ({
        scaledObject,
        trigger,
        pubsub: trigger.metadata('pubsub') ?? '',
        topic: trigger.metadata('topic') ?? '',
        scalers: scalersOfTrigger(trigger, set.services, set.pushScalers),
      }))
      .filter(({ scalers }) => scalers.length > 0),
  );
}

/** Whether a gateway publishes to the scaler itself, in place of a sidecar of Dapr. */
export function isToldDirectly(set: ManifestSet, { workload }: PushScaler): boolean {
  return set.gateways.some(({ daprEndpoint }) => {
    if (daprEndpoint === undefined || !URL.canParse(daprEndpoint)) return false;
    const { hostname, port } = new URL(daprEndpoint);
    const found = servicesAt(set.services, serviceAddress(`${hostname}:${port === '' ? '80' : port}`));
    return found.some((service) => selects(service, workload));
  });
}

/** The Subscriptions of the scaler's sidecar. */
export function subscriptionsOfScaler(set: ManifestSet, { sidecar, workload }: PushScaler): Subscription[] {
  if (sidecar === undefined) return [];
  return set.subscriptions.filter(
    ({ namespace, scopes }) =>
      namespace === workload.namespace && (scopes === undefined || scopes.includes(sidecar.appId)),
  );
}

/** What KEDA does to the push trigger of a ScaledObject of which another one fails (E9), to be said beside that; nothing without one. */
export function closesPush({ triggers }: Pick<ScaledObject, 'triggers'>): string {
  return triggers.some(({ type }) => type === PUSH) ? ' While it fails, KEDA closes the push stream, too.' : '';
}
