import { effectiveTtlMs } from '../../manifests/queues';
import type { Rule } from '../rule';

export const ttlPolling: Rule = {
  id: 'ttl-polling',
  severity: 'error',
  title: 'KEDA looks at the queue more often than a message lives',
  why: 'A wake-up that expires between two polls was never seen: the backend is not started.',
  fix: 'Set pollingInterval to 1.',
  *check(set) {
    for (const backend of set.backends) {
      const ttlMs = effectiveTtlMs(set, backend);
      if (ttlMs === undefined) continue;
      for (const { manifest, pollingIntervalMs } of set.scaledObjectsOf(backend)) {
        if (pollingIntervalMs < ttlMs) continue;
        const message = `KEDA asks every ${pollingIntervalMs / 1000} s, a message lives for ${ttlMs / 1000} s.`;
        yield { at: manifest.place('spec', 'pollingInterval'), message };
      }
    }
  },
};
