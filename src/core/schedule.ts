import type { Policy } from './backend';
import type { Event, Ready, State } from './state';
import { workersOf } from './waiting';

/** Nodes that started together drift apart by this share of the period. */
const JITTER_SHARE = 0.1;
/** While the last workers follow the first, their lines are asked this often within the settle limit. */
const PROBES_PER_SETTLE = 10;

/**
 * How long a passed probe is trusted. A lease that ended while the other workers are waited for would make that begin anew: it is
 * at least twice the settle limit.
 */
export function leaseMs(policy: Policy): number {
  return Math.max(policy.leaseMs, 2 * policy.settleMs);
}

/** A moment one period from now, spread by the event's jitter. */
export function afterPeriod({ now, jitter }: Pick<Event, 'now' | 'jitter'>, periodMs: number): number {
  return now + periodMs * (1 + JITTER_SHARE * jitter);
}

/** Period of the probes that ask the workers which have not followed the first. */
export function settlePeriodMs(policy: Policy): number {
  return Math.min(policy.intervalMs, Math.max(1, policy.settleMs / PROBES_PER_SETTLE));
}

/** When the lease wants a fresh probe, if somebody asks: in its second half, in the background. */
export function renewalDueAt(state: Ready, policy: Policy): number {
  return Math.max(state.leaseUntil - leaseMs(policy) / 2, state.nextProbeAt);
}

/** When `tick` is wanted next; undefined where nobody waits, or what comes next is an answer. */
export function dueAt(state: State, policy: Policy): number | undefined {
  if (state.kind === 'idle' || state.waiting.size === 0) return undefined;
  switch (state.kind) {
    case 'probing':
      return undefined;
    case 'waking':
      if (state.inFlight.length > 0) return undefined;
      return state.publishing ? state.nextProbeAt : Math.min(state.nextProbeAt, state.nextPublishAt);
    case 'ready':
      return readyDueAt(state, policy);
  }
}

function readyDueAt(state: Ready, policy: Policy): number | undefined {
  const workers = workersOf(state.waiting);
  const due: number[] = [];
  // On probation the settle limit alone opens nothing: only a fresh probe does.
  const settlesAt = Math.max(state.since + policy.settleMs, state.probationUntil);
  if (workers.some((worker) => !state.failing.has(worker))) due.push(settlesAt);
  if (workers.some((worker) => !state.inFlight.includes(worker))) due.push(state.nextProbeAt);
  return due.length === 0 ? undefined : Math.min(...due);
}

/** The earlier of two moments, of which either may never come. */
export function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
