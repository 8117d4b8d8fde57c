import { effectiveTtlMs } from '../../manifests/queues';
import type { Rule } from '../rule';

export const ttlLease: Rule = {
  id: 'ttl-lease',
  severity: 'error',
  title: "The lease ends before the backend's last message does",
  why:
    'Within the lease a request passes without a probe. A lease that outlives the message lets requests through to a backend that ' +
    'KEDA has already scaled to zero.',
  fix: "Shorten the plugin's lease, or lengthen the queue's TTL.",
  *check(set) {
    for (const backend of set.backends) {
      const ttlMs = effectiveTtlMs(set, backend);
      const leaseMs = backend.settings?.policy.leaseMs;
      if (ttlMs === undefined || leaseMs === undefined || leaseMs < ttlMs) continue;
      const cooldowns = set.scaledObjectsOf(backend).map(({ cooldownMs }) => cooldownMs);
      const grace = Math.min(...cooldowns);
      const queue = set.queuesOf(backend).find((found) => found.ttlMs === ttlMs);
      yield {
        at: queue?.ttlPlace ?? backend.use.manifest.place(...backend.use.path, 'config', 'lease'),
        message: `The lease is ${leaseMs} ms, a message lives for ${ttlMs} ms.`,
        // The cooldown still keeps the backend for a while, but it is there for KEDA's own polls.
        severity: leaseMs < ttlMs + grace ? 'warning' : 'error',
      };
    }
  },
};
