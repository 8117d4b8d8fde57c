import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

/** The longest time a backend may stay up after its last request for a queue still to count as one with a TTL. */
const LONGEST_MS = 15 * 60_000;

export const queueTtl: Rule = {
  id: 'queue-ttl',
  severity: 'error',
  title: 'The queue has a TTL',
  why:
    "Nobody consumes the wake-ups: a message without an end keeps the queue's depth up, and KEDA never scales the backend back " +
    'to zero.',
  fix: "Give the queue a TTL like the plugin's message_ttl (RabbitMQ: x-message-ttl 30000 in milliseconds).",
  *check(set) {
    for (const { name, ttlMs, ttlPlace } of unique(set.backends.flatMap((backend) => set.queuesOf(backend)))) {
      if (ttlMs === undefined) yield { at: ttlPlace, message: `Queue "${name}" keeps its messages for ever.` };
      else if (ttlMs > LONGEST_MS) {
        const message = `Queue "${name}" keeps its messages for ${ttlMs / 1000} s: so long does the backend stay up for one request.`;
        yield { at: ttlPlace, message, severity: 'warning' };
      }
    }
  },
};
