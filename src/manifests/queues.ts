import { declares } from './broker-objects';
import type { Component } from './components';
import type { BackendView } from './plugins';
import type { ScaledObject, Trigger } from './scaled-objects';
import type { ManifestSet } from './set';

/** One way of a wake-up: a backend's message through one Component to the queue that one trigger reads. */
export interface WakeUpPath {
  readonly backend: BackendView;
  readonly component: Component;
  readonly scaledObject: ScaledObject;
  readonly trigger: Trigger;
  readonly queue: NonNullable<Trigger['queue']>;
}

/** The ways of all wake-ups whose both ends are among the documents. */
export function wakeUpPaths(set: ManifestSet): WakeUpPath[] {
  return set.backends.flatMap((backend) =>
    set.componentsOf(backend).flatMap((component) =>
      set.triggersOf(backend, component).flatMap(({ scaledObject, trigger }) => {
        const { queue } = trigger;
        return queue === undefined ? [] : [{ backend, component, scaledObject, trigger, queue }];
      }),
    ),
  );
}

/** Whether the documents declare the broker's topology, so that what they lack is missing. */
export function topologyKnown(set: ManifestSet, { component }: WakeUpPath): boolean {
  return component.broker !== undefined && declares(set.topology, component.broker);
}

/** How long a wake-up stays in the queue at most, milliseconds: the shorter of the message's own TTL and the queue's. */
export function effectiveTtlMs(set: ManifestSet, backend: BackendView): number | undefined {
  const own = backend.settings?.policy.messageTtlMs;
  const ttls = set.queuesOf(backend).map(({ ttlMs }) => ttlMs);
  const all = [own, ...ttls].filter((ttl) => ttl !== undefined);
  return all.length === 0 ? undefined : Math.min(...all);
}
