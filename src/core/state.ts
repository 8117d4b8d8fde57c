import type { Effect, Held } from './held';
import type { ProbeOutcome, PublishOutcome } from './reports';

/** Nothing known, nobody waiting, nothing under way. */
export interface Idle {
  readonly kind: 'idle';
}

/** What every state has in which something is known or under way. */
interface Busy {
  readonly held: readonly Held[];
  /** Scopes of the rounds of probing in flight. */
  readonly inFlight: readonly number[];
}

/** A probe is in flight that will tell whether the backend is up; arrivals join. */
export interface Probing extends Busy {
  readonly kind: 'probing';
  /** Somebody wanted the backend up: that outlives the client, so a failed probe wakes even with nobody held. */
  readonly wake: boolean;
  /** Passed probes in a row. */
  readonly passes: number;
}

/** A probe failed, and a wake-up goes out. With nobody held it is only the memory that one did, and owns no timer. */
export interface Waking extends Busy {
  readonly kind: 'waking';
  /** Passed probes in a row. */
  readonly passes: number;
  readonly wokenAt: number;
  /** Wake-ups handed to the publisher in this activation. */
  readonly attempt: number;
  readonly publishing: boolean;
  /** Publishes that failed in a row. */
  readonly failures: number;
  readonly nextPublishAt: number;
  readonly nextProbeAt: number;
}

/** A probe passed within the lease. Those held wait for a probe through their own nginx worker (K27). */
export interface Ready extends Busy {
  readonly kind: 'ready';
  /** When the first probe passed. */
  readonly since: number;
  readonly leaseUntil: number;
  /** Workers through which a probe passed since then. */
  readonly proven: ReadonlySet<number>;
  /** Workers whose last probe failed and that are not proven: late for a target that came, or early for one that goes. */
  readonly failing: ReadonlySet<number>;
  readonly nextProbeAt: number;
}

export type State = Idle | Probing | Waking | Ready;

/** What happens to a backend. `now` never goes back; `jitter`, in [-1, 1), spreads what many gateway nodes would do at once. */
export type Event = { readonly now: number; readonly jitter: number } & (
  | ({ readonly type: 'arrive'; /** The process has room for one more held request. */ readonly room: boolean } & Held)
  | { readonly type: 'leave'; readonly id: number }
  | {
      readonly type: 'probed';
      readonly scope: number;
      readonly outcome: ProbeOutcome;
      readonly worker: number;
      readonly last: boolean;
    }
  | { readonly type: 'published'; readonly wokenAt: number; readonly outcome: PublishOutcome }
  | { readonly type: 'tick' }
);

export type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;
export type Step = readonly [State, readonly Effect[]];

export const IDLE: Idle = { kind: 'idle' };
