import type { Cluster } from './manifests/cluster';
import type { Scaling } from './manifests/scaled-object';

/** Message TTL and cooldown with `--fast`. */
export const FAST_MS = 5000;
/** The longest boot time with `--fast`: a slower replica would be scaled in again before it is ready. */
export const FAST_BOOT_MS = 7000;

/**
 * The cluster with shorter times; queues whose messages do not expire stay as they are. The plugin's configuration stays too: of a
 * message's own TTL and its queue's the shorter one counts.
 */
export function faster(cluster: Cluster): Cluster {
  return {
    ...cluster,
    scalings: cluster.scalings.map((scaling) => ({ ...scaling, cooldownMs: Math.min(scaling.cooldownMs, FAST_MS) })),
    topology: {
      ...cluster.topology,
      queues: cluster.topology.queues.map((queue) => ({
        ...queue,
        ttlMs: queue.ttlMs === undefined ? undefined : Math.min(queue.ttlMs, FAST_MS),
      })),
    },
  };
}

/** The scalings with another scale-in window. */
export function withScaleInWindow(scalings: readonly Scaling[], windowMs: number): Scaling[] {
  return scalings.map((scaling) => ({ ...scaling, scaleDown: { ...scaling.scaleDown, windowMs } }));
}
