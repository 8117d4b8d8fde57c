import type { Policy } from './backend';
import { earliestDeadline, workersOf } from './held';
import type { Event, Ready, State } from './state';

/** Nodes that started together drift apart by this share of the period. */
const JITTER_SHARE = 0.1;
const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MOST_MS = 5000;
/** While the last workers follow the first, their lanes are asked this often within the settle limit. */
const PROBES_PER_SETTLE = 10;

/** A wake-up that changed nothing may have been lost although Dapr took it (D3): repeated well before the first one expires. */
export function wakeWindowMs(policy: Pick<Policy, 'messageTtlMs'>): number {
  return policy.messageTtlMs / 2;
}

/**
 * How long a passed probe is trusted. A lease that ended while the other workers are waited for would make that begin anew: it is
 * at least twice the settle limit.
 */
export function leaseMs(policy: Policy): number {
  return Math.max(policy.leaseMs, 2 * policy.settleMs);
}

/** A moment one period from now, spread by the event's jitter. */
export function afterPeriod({ now, jitter }: Event, periodMs: number): number {
  return now + periodMs * (1 + JITTER_SHARE * jitter);
}

/** Period of the probes that ask the workers which have not followed the first. */
export function settlePeriodMs(policy: Policy): number {
  return Math.min(policy.intervalMs, Math.max(1, policy.settleMs / PROBES_PER_SETTLE));
}

/**
 * Whether a request on this worker may go on now: a probe passed through its worker, or through another one so long ago that
 * every worker must have followed, unless its own said otherwise, and the lease still holds.
 */
export function isOpen(state: State, worker: number, now: number, policy: Policy): boolean {
  if (state.kind !== 'ready' || now >= state.leaseUntil) return false;
  return state.proven.has(worker) || (isSettled(state, now, policy) && !state.failing.has(worker));
}

/** Whether every worker had the time to follow the first. */
export function isSettled(state: Ready, now: number, policy: Policy): boolean {
  return now >= state.since + policy.settleMs;
}

/** When the lease wants a fresh probe, if somebody asks: in its second half, in the background. */
export function renewalDueAt(state: Ready, policy: Policy): number {
  return Math.max(state.leaseUntil - leaseMs(policy) / 2, state.nextProbeAt);
}

/** When `tick` is wanted next; undefined where nobody waits. */
export function dueAt(state: State, policy: Policy): number | undefined {
  if (state.kind === 'idle' || state.held.length === 0) return undefined;
  const due = [earliestDeadline(state.held)];
  switch (state.kind) {
    case 'probing':
      break;
    case 'waking':
      if (state.inFlight.length === 0) {
        due.push(state.nextProbeAt);
        if (!state.publishing) due.push(state.nextPublishAt);
      }
      break;
    case 'ready':
      if (workersOf(state.held).some((worker) => !state.failing.has(worker))) due.push(state.since + policy.settleMs);
      if (workersOf(state.held).some((worker) => !state.inFlight.includes(worker))) due.push(state.nextProbeAt);
      break;
  }
  return Math.min(...due);
}

/** How long to wait before a publish is tried again that failed so many times in a row before. */
export function backOffMs(failures: number): number {
  return Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** failures);
}
