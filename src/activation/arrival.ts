import type { ServerlessError } from '../core/errors';
import type { Clock, Observer, Prober, Publisher, Random } from '../core/ports';
import type { HeldBudget } from './held-budget';

/** What an activator works with. */
export interface ActivatorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: Prober;
  readonly publisher: Publisher;
  readonly observer: Observer;
  readonly budget: HeldBudget;
  /** Host name of this gateway node, for messages. */
  readonly gateway: string;
}

/** What an activator wants to know about a request. */
export interface Arrival {
  readonly worker: number;
  /** False for a request that must not wake the backend. */
  readonly wakes: boolean;
  /** Where it comes from; asked of one request per activation, when `wantsOrigin` says so. */
  readonly origin?: Promise<Origin>;
}

/** What an activation takes over from the request that causes it. */
export interface Origin {
  /** Host header, for the probe to be routed alike. */
  readonly host: string | undefined;
  /** W3C trace context, for the wake-up message. */
  readonly traceparent: string | undefined;
}

export type Outcome =
  | { readonly kind: 'released'; /** Zero when it was not held. */ readonly heldMs: number }
  | { readonly kind: 'rejected'; readonly error: ServerlessError };

/** A request on hold. */
export interface Hold {
  /** Settles exactly once, by the request's deadline, unless `leave` came first. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** The client is gone: frees its place. */
  leave(): void;
}
