import type { Cluster } from './manifests/cluster';
import type { Scaling } from './manifests/scaled-object';

/** Message TTL and cooldown with `--fast`. */
export const FAST_MS = 5000;
/** The longest boot time with `--fast`: a slower replica would be scaled in before it is ready. */
export const FAST_BOOT_MS = 7000;

/**
 * The cluster with shorter TTLs and cooldowns. Queues whose messages never expire are unchanged. So is the plugin's configuration:
 * the shorter of a message's TTL and its queue's applies.
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

/** The scalings with this scale-in window. */
export function withScaleInWindow(scalings: readonly Scaling[], windowMs: number): Scaling[] {
  return scalings.map((scaling) => ({ ...scaling, scaleDown: { ...scaling.scaleDown, windowMs } }));
}
