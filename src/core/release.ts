import type { Policy } from './backend';
import { leaseMs } from './schedule';
import type { Ready, State } from './state';

/**
 * How long a backend is on probation that may be about to be scaled in, milliseconds. A pod in its grace period passes probes; Kong loses
 * it within 3 s (the ingress controller's sync period) and its workers follow within another (K27), all after KEDA's last look, which was
 * before the wake-up of this activation at the latest.
 */
export const PROBATION_MS = 5000;
/**
 * How long workers may still pass probes of a target that was withdrawn, after the first one failed, milliseconds: they follow one
 * after the other (K27).
 */
export const WITHDRAWAL_MS = 2000;
/** How long a passed probe is trusted on probation, milliseconds: as long as requests that came together need. */
const PROBATION_TRUST_MS = 20;

/**
 * Whether a request on this worker may go on now. The one place where that is decided:
 *
 * - a probe has passed through its worker, or through another one so long ago that every worker must have followed, unless its own said
 *   otherwise (K27);
 * - the lease still holds;
 * - on probation, that probe passed just now.
 */
export function isOpen(state: State, worker: number, now: number, policy: Policy): boolean {
  if (state.kind !== 'ready' || now >= state.leaseUntil) return false;
  const passedAt = state.proven.get(worker) ?? settledAt(state, worker, now, policy);
  if (passedAt === undefined) return false;
  return now >= state.probationUntil || now < passedAt + PROBATION_TRUST_MS;
}

/** The last passed probe, if it counts for a worker of which nothing is known. */
function settledAt(state: Ready, worker: number, now: number, policy: Policy): number | undefined {
  return isSettled(state, now, policy) && !state.failing.has(worker) ? state.passedAt : undefined;
}

/** Whether every worker had the time to follow the first. */
export function isSettled(state: Ready, now: number, policy: Policy): boolean {
  return now >= state.since + policy.settleMs;
}

/**
 * Until when a backend is on probation whose lease ran out, now that somebody asks for it again. If nobody kept it up for as long as its
 * messages live, KEDA may have scaled it in: its last pod may still pass a probe.
 */
export function probationAfterLease(state: Ready, now: number, policy: Policy): number {
  const mayBeScaledIn = now - state.leaseUntil >= policy.messageTtlMs - leaseMs(policy);
  return mayBeScaledIn ? now + PROBATION_MS : state.probationUntil;
}
