import { PUSH } from '../../manifests/push-scalers';
import type { Rule } from '../rule';

/** Seconds. Half of it is what a cold start waits on average. */
const LONGEST = 5;

export const pollingInterval: Rule = {
  id: 'polling-interval',
  severity: 'error',
  title: 'KEDA polls the queue every second',
  why: '0 makes KEDA ask the broker without a pause; a long interval is added to every cold start.',
  fix: 'Write pollingInterval: 1.',
  *check(set) {
    const ofBackends = new Set(set.backends.flatMap((backend) => set.scaledObjectsOf(backend)));
    for (const scaledObject of set.scaledObjects) {
      const { manifest, pollingIntervalMs, triggers } = scaledObject;
      const at = manifest.place('spec', 'pollingInterval');
      const seconds = pollingIntervalMs / 1000;
      if (seconds <= 0) yield { at, message: 'pollingInterval 0 is a hot loop against the broker.' };
      else if (seconds > LONGEST && ofBackends.has(scaledObject)) {
        // A push waits for no poll; scale-in does, and so does what only the queue says while the scaler is down (E9).
        const pushed = triggers.some(({ type }) => type === PUSH);
        const message = pushed
          ? `Scale-in, and a cold start of which only a queue tells, wait up to ${seconds} s for KEDA to look.`
          : `A cold start waits up to ${seconds} s for KEDA to look.`;
        yield { at, message, severity: 'warning' };
      }
    }
  },
};
