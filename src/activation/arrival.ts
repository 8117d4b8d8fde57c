import type { Backend } from '../core/backend';
import type { ServerlessError } from '../core/errors';
import type {
  AddressProber,
  Clock,
  Endpoints,
  Lane,
  Logger,
  Observer,
  OpenConnections,
  Pin,
  Prober,
  Publisher,
  Random,
} from '../core/ports';
import type { ServicePort } from '../core/service-name';
import type { TraceContext, Tracer } from '../core/tracing';
import type { HeldBudget } from './held-budget';
import type { Origin } from './origin';

/** What an activator works with. */
export interface ActivatorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: Prober;
  readonly addressProber: AddressProber;
  readonly publisher: Publisher;
  readonly observer: Observer;
  readonly logger: Logger;
  readonly budget: HeldBudget;
  /** Undefined where Kubernetes cannot be asked. */
  readonly endpoints: Endpoints | undefined;
  /** Undefined where connections cannot be seen. */
  readonly connections: OpenConnections | undefined;
  /** Host name of this gateway node, for messages. */
  readonly gateway: string;
  /** Undefined: there are no traces. */
  readonly tracer?: Tracer | undefined;
}

/** What an activator wants to know about a request. */
export interface Arrival {
  readonly worker: number;
  /** False for a request that must not wake the backend. */
  readonly wakes: boolean;
  /** The backend as the request's own plugin configuration names it: its hold deadline and bound are the request's. */
  readonly backend: Backend;
  /** The context of its own span, which a wake-up belongs to that it causes; undefined: what the request came with is read later. */
  readonly trace?: TraceContext;
}

/** How a request fared that was held. */
export type Outcome =
  | {
      readonly kind: 'released';
      /** Zero when it was not held. */
      readonly heldMs: number;
      /** The pod that it is sent to; undefined: Kong chooses. */
      readonly pin?: Pin | undefined;
      /** What let it go; undefined where nothing had to. */
      readonly lane?: Lane | undefined;
    }
  | { readonly kind: 'rejected'; readonly error: ServerlessError };

/** Where a request that waits would go: it can be pinned to any pod there. */
export interface Destination {
  readonly service: ServicePort;
  /** Host that the backend is to see. */
  readonly host: string;
}

/** What becomes of a request that enters: it passes, is rejected, or is held. */
export type Entry = Outcome | Hold;

/** What is to be read of a request that waits. */
export interface Wanted {
  readonly host: boolean;
  readonly trace: boolean;
  /** The Service that it is routed to, and whether with its own Host. */
  readonly route: boolean;
}

/** Why one waits no more that is not settled: its client is gone, or it was answered, and another hold stands for it. */
export type LeaveReason = 'client-gone' | 'answered';

/** A request on hold. */
export interface Hold {
  readonly kind: 'held';
  /** Settles exactly once, by the request's deadline, unless `leave` came first. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** What is to be read of the request, and handed to `identify`. */
  readonly wants: Wanted;
  identify(origin: Origin): void;
  /** Frees its place: the client is gone, or has its answer already. */
  leave(because?: LeaveReason): void;
  /** Whether the backend had to be woken while it waited. */
  wasColdStart(): boolean;
}
