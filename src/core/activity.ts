import type { Policy } from './backend';

/** Requests of a backend that no message stands for yet. */
export interface Activity {
  readonly pending: number;
  /** No message before this, milliseconds. */
  readonly nextAt: number;
}

export const NO_ACTIVITY: Activity = { pending: 0, nextAt: 0 };

type ActivityPolicy = Pick<Policy, 'requestsPerMessage' | 'maxMessageRate'>;

/** Milliseconds between two messages of one backend. */
function spacingMs(policy: ActivityPolicy): number {
  return 1000 / policy.maxMessageRate;
}

export function countRequests(activity: Activity, requests: number): Activity {
  return { ...activity, pending: activity.pending + requests };
}

/** Notes that a message went out which stands for `requests` of them. */
export function messageSent(activity: Activity, requests: number, now: number, policy: ActivityPolicy): Activity {
  return { pending: Math.max(0, activity.pending - requests), nextAt: now + spacingMs(policy) };
}

/** When a message is due; undefined while there are too few requests for one. */
export function activityDueAt(activity: Activity, policy: ActivityPolicy): number | undefined {
  return activity.pending < policy.requestsPerMessage ? undefined : activity.nextAt;
}

/**
 * How many requests the next message stands for.
 *
 * The queue's depth is to follow the number of requests, so a message stands for few of them. But at a rate which the cap
 * cannot follow, one second of messages must be able to carry what waits, or the queue would go on filling long after the
 * traffic has ended, and keep the backend up for nothing.
 */
export function requestsForMessage(activity: Activity, policy: ActivityPolicy): number {
  const perSecond = Math.max(1, Math.floor(policy.maxMessageRate));
  return Math.max(policy.requestsPerMessage, Math.ceil(activity.pending / perSecond));
}
