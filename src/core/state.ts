import type { ErrorCode } from './errors';
import type { ProbeOutcome, PublishOutcome } from './reports';
import type { DistributiveOmit } from './types';
import { NOBODY, type Waiter, type Waiting } from './waiting';

/** Whose answer a round of probing wants: that of one nginx worker, or of whichever takes the connection. */
export type Scope = 'any' | number;

/** Nothing known, nobody waiting, nothing under way. */
export interface Idle {
  readonly kind: 'idle';
}

/** What every state has in which something is known or under way. */
interface Busy {
  readonly waiting: Waiting;
  /** Scopes of the rounds of probing in flight. */
  readonly inFlight: readonly Scope[];
  /** Until then a passed probe is trusted for a moment only: see `isOpen`. */
  readonly probationUntil: number;
}

/** A probe is in flight that will tell whether the backend is up; arrivals join. */
export interface Probing extends Busy {
  readonly kind: 'probing';
  /** Somebody wanted the backend up: that outlives the client, so a failed probe wakes even with nobody waiting. */
  readonly wake: boolean;
  /** Passed probes in a row. */
  readonly passes: number;
}

/** A probe failed, and a wake-up goes out. With nobody waiting it is only the memory that one did, and owns no timer. */
export interface Waking extends Busy {
  readonly kind: 'waking';
  /** Passed probes in a row. */
  readonly passes: number;
  readonly wokenAt: number;
  readonly publishing: boolean;
  /** Publishes that failed in a row. */
  readonly failures: number;
  readonly nextPublishAt: number;
  /** No wake-up was sent when one was due, because a pod had passed a probe at its own address. */
  readonly spared: boolean;
  readonly nextProbeAt: number;
}

/** A probe passed within the lease. Those who wait, wait for a probe through their own nginx worker (K27). */
export interface Ready extends Busy {
  readonly kind: 'ready';
  /** When the first probe passed. */
  readonly since: number;
  /** When the last probe passed, through whichever worker. */
  readonly passedAt: number;
  readonly leaseUntil: number;
  /** Workers through which a probe passed since then, and when the last one did. */
  readonly proven: ReadonlyMap<number, number>;
  /** Workers whose last probe failed and that are not proven: late for a target that came, or early for one that is withdrawn. */
  readonly failing: ReadonlySet<number>;
  readonly nextProbeAt: number;
}

export type State = Idle | Probing | Waking | Ready;

/** What happens to a backend. `now` never goes back; `jitter`, in [-1, 1), spreads what many gateway nodes would do at once. */
export type Event = {
  readonly now: number;
  readonly jitter: number;
  /** A pod of it passed a probe at its own address, and is still there: nobody has to wake it, whatever its workers say. */
  readonly up?: boolean;
} & (
  | ({
      readonly type: 'arrive';
      /** There is room for one more held request. */
      readonly room: boolean;
      /** No pod of it runs or starts: that is known without a probe. */
      readonly asleep?: boolean;
    } & Waiter)
  /** One that waited does so no more: its client is gone, or its deadline came. */
  | ({ readonly type: 'leave' } & Waiter)
  /** A request passed on this worker while its lease was in its second half. */
  | { readonly type: 'renew'; readonly worker: number }
  | {
      readonly type: 'probed';
      readonly scope: Scope;
      readonly outcome: ProbeOutcome;
      readonly worker: number;
      readonly last: boolean;
      /** Only a pod that is on its way out can have answered. */
      readonly leaving?: boolean;
    }
  /** The last pod of it began to leave. */
  | { readonly type: 'withdrawn' }
  | { readonly type: 'published'; readonly wokenAt: number; readonly outcome: PublishOutcome }
  /** The cold start came to nothing, and is not to go on. */
  | { readonly type: 'given-up' }
  | { readonly type: 'tick' }
);

/** An event as its source knows it: the machine's owner adds time, chance, and what it knows of pods. */
export type Happening = DistributiveOmit<Event, 'now' | 'jitter' | 'up'>;

export type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** What the machine asks its owner to do. */
export type Effect =
  /** All that wait on these workers go on. */
  | { readonly type: 'release'; readonly workers: readonly number[] }
  /** All that wait are answered with this error, or only those among them that do not wake. */
  | { readonly type: 'reject'; readonly who: 'all' | 'non-waking'; readonly code: ErrorCode }
  /** The request that has just arrived does not wait: it is answered with this error. */
  | { readonly type: 'turn-away'; readonly code: ErrorCode }
  /** Ask the health path, in one round named by `scope`, through a worker of `workers` (any, when empty). */
  | { readonly type: 'probe'; readonly scope: Scope; readonly workers: readonly number[] }
  /** Publish a cold-start wake-up of the activation that began at `wokenAt`. */
  | { readonly type: 'publish'; readonly wokenAt: number };

export type Step = readonly [State, readonly Effect[]];

export const IDLE: Idle = { kind: 'idle' };

/** Those who wait in a state. */
export function waitingIn(state: State): Waiting {
  return state.kind === 'idle' ? NOBODY : state.waiting;
}
