import type { Policy } from './backend';

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MOST_MS = 5000;

/** A wake-up that changed nothing may have been lost although Dapr took it (D3): repeated well before the first one expires. */
export function wakeWindowMs(policy: Pick<Policy, 'messageTtlMs'>): number {
  return policy.messageTtlMs / 2;
}

/** How long to wait before a publish is tried again that failed so many times in a row before. */
export function backOffMs(failures: number): number {
  return Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** failures);
}

/** Requests of a backend that no message stands for yet. */
export interface Activity {
  readonly pending: number;
  /** No message before this, milliseconds. */
  readonly nextAt: number;
  /** When the last message went out, milliseconds. */
  readonly sentAt: number;
}

export const NO_ACTIVITY: Activity = { pending: 0, nextAt: 0, sentAt: -Infinity };

type ActivityPolicy = Pick<Policy, 'requestsPerMessage' | 'maxMessageRate' | 'messageTtlMs'>;

/** Milliseconds between two messages of one backend. No rate may keep it from having one in the queue at any time. */
function spacingMs(policy: ActivityPolicy): number {
  return Math.min(1000 / policy.maxMessageRate, policy.messageTtlMs / 2);
}

export function countRequests(activity: Activity, requests: number): Activity {
  return { ...activity, pending: activity.pending + requests };
}

/** Notes that a message went out which stands for `requests` of them. */
export function messageSent(activity: Activity, requests: number, now: number, policy: ActivityPolicy): Activity {
  return { pending: Math.max(0, activity.pending - requests), nextAt: now + spacingMs(policy), sentAt: now };
}

/**
 * When a message is due; undefined where nothing is pending. Enough requests for one are due as soon as the rate allows; fewer are due
 * before the last message expires, because the queue must not run empty while there is traffic.
 */
export function activityDueAt(activity: Activity, policy: ActivityPolicy): number | undefined {
  if (activity.pending === 0) return undefined;
  if (activity.pending >= policy.requestsPerMessage) return activity.nextAt;
  return Math.max(activity.nextAt, activity.sentAt + policy.messageTtlMs / 2);
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
  return Math.min(activity.pending, Math.max(policy.requestsPerMessage, Math.ceil(activity.pending / perSecond)));
}
