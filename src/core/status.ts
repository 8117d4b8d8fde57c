import type { ErrorCode } from './errors';
import type { ColdStart } from './ports';
import type { ProbeReport, PublishReport } from './reports';
import type { State } from './state';

/** A request that was rejected, with an error and not as configured. */
export interface Rejection {
  /** RFC 3339. */
  readonly at: string;
  readonly code: ErrorCode;
}

/** `asleep`: Kubernetes shows no pod. `idle`: nothing is known, for nobody asks. */
export type BackendState = 'asleep' | State['kind'];

/** What becomes of one backend. */
export interface BackendStatus {
  readonly target: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly state: BackendState;
  readonly held: number;
  readonly maxHeld: number;
  /** Of pods that run or start; undefined: not known. */
  readonly addresses: readonly string[] | undefined;
  /** Of pods that passed a probe at their own address. */
  readonly openAddresses: readonly string[];
  /** How long it is known to have had no pod, in all; undefined where nobody knows. Seconds. */
  readonly asleepSeconds: number | undefined;
  readonly lastProbe: ProbeReport | undefined;
  readonly lastPublish: PublishReport | undefined;
  readonly lastRejection: Rejection | undefined;
  /** The newest last. */
  readonly coldStarts: readonly ColdStart[];
}

/** Of the product. */
export interface ProductStatus {
  readonly held: number;
  readonly maxHeld: number;
  readonly draining: boolean;
  /** State of the watch by namespace; or why there is none. */
  readonly kubernetes: string | Readonly<Record<string, string>>;
  /** Each with the key that names it in `POST /backends/{key}/wake`, percent-encoded. */
  readonly backends: readonly (BackendStatus & { readonly key: string })[];
}

/** Of the plugin server's process. */
export interface ServerStatus {
  readonly pid: number;
  readonly role: string;
  /** Another process waits to take over. */
  readonly standby: boolean;
  readonly draining: boolean;
  readonly uptimeSeconds: number;
  readonly socket: string;
  readonly connections: number;
  readonly instances: number;
  readonly events: number;
}

/** What `/status` says. */
export interface Status extends ProductStatus {
  readonly server: ServerStatus;
}

export type KnownBackend = Status['backends'][number];
