import type { Scaling } from '../manifests/scaled-object';

/** What KEDA's operator remembers between two polls. */
export interface Activity {
  /** When it last saw enough messages; undefined: never. */
  readonly lastActiveAt: number | undefined;
}

/**
 * One poll of KEDA's operator, which decides between 0 and 1 and leaves 1 to N to the HPA: up immediately when the queue is longer than
 * the activation value, down to the minimum after the cooldown without activity. Returns the replicas it wants.
 */
export function pollDecision(
  scaling: Scaling,
  { activity, depth, replicas, now }: { activity: Activity; depth: number; replicas: number; now: number },
): { readonly wanted: number; readonly activity: Activity } {
  if (depth > scaling.activation) {
    const wanted = replicas === 0 ? Math.max(1, scaling.min) : Math.max(replicas, scaling.min);
    return { wanted, activity: { lastActiveAt: now } };
  }
  if (scaling.min > 0) return { wanted: Math.max(replicas, scaling.min), activity };
  const cold = activity.lastActiveAt === undefined || activity.lastActiveAt + scaling.cooldownMs < now;
  return { wanted: cold ? 0 : replicas, activity };
}
