import type { ProbeSettings } from './backend';
import type { ErrorCode } from './errors';
import type { ProbeResult, PublishReport } from './reports';

/** Time. Milliseconds of a monotonic clock, but for `wall`. */
export interface Clock {
  now(): number;
  /** The time of day, RFC 3339. */
  wall(): string;
  /** Calls back once, not before `delayMs` from now. Returns how to cancel that. */
  after(delayMs: number, callback: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** Writes one line: facts for machines, a sentence for people. Never throws and never waits: nothing may depend on being observed. */
export type WriteLine = (facts: object, sentence: string) => void;

/** The process log. */
export interface Logger {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}

/** One round of probing. */
export interface ProbeRound {
  /** nginx workers with requests waiting, of which any may be asked; empty: whichever answers. */
  readonly workers: readonly number[];
  /** Host header to send; undefined: that of the URL. */
  readonly host: string | undefined;
  /** As configured now. */
  readonly settings: ProbeSettings;
}

/** Probes one backend. */
export interface Prober {
  /**
   * Reports one or more results, exactly one of them, the final one, with `last`. Never throws; reports later than this call.
   */
  probe(round: ProbeRound, onResult: (result: ProbeResult) => void): void;
  /** Forgets its connections. */
  close(): void;
}

/** A Kubernetes Service. */
export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
}

/** Knows where the pods of Services are. */
export interface Endpoints {
  /**
   * Calls back with the addresses of the pods that run or start, once they are known and at each change; undefined: nothing is known any
   * more. Returns how to stop that. Never throws.
   */
  follow(service: ServiceName, onChange: (addresses: readonly string[] | undefined) => void): () => void;
}

/** The message that wakes a backend, or keeps it up. */
export interface WakeUp {
  readonly reason: 'cold-start' | 'activity';
  /** Target of the backend. */
  readonly backend: string;
  /** How many requests it stands for. */
  readonly requests: number;
  /** Host name of this gateway node. */
  readonly gateway: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface PublishTarget {
  readonly pubsub: string;
  readonly topic: string;
  readonly ttlMs: number;
}

/** Publishes to the Dapr sidecar. */
export interface Publisher {
  /** Never rejects: how it failed is in the report. */
  publish(target: PublishTarget, message: WakeUp, traceparent: string | undefined): Promise<PublishReport>;
}

/** A finished cold start, for the log and the metrics. Milliseconds from the first request's arrival. */
export interface ColdStart {
  readonly at: string;
  /** Requests held when it became ready. */
  readonly held: number;
  /** Until Dapr accepted the wake-up; undefined when it never did. */
  readonly wakeMs: number | undefined;
  readonly readyMs: number;
  readonly probes: number;
  readonly messages: number;
}

/** Told of every request that is answered with an error. Never throws. */
export type OnRejected = (code: ErrorCode) => void;

/** Observes what the product does. Nothing depends on it: whoever tells several of them catches what one throws. */
export interface Observer {
  coldStart(backend: string, coldStart: ColdStart): void;
  /** A request that was held, however it ended. */
  settled(backend: string, outcome: string, heldMs: number): void;
  probed(backend: string, outcome: string): void;
  published(backend: string, reason: WakeUp['reason'], report: PublishReport): void;
  /** A request was answered with an error of ours. Called by whoever answers it. */
  rejected(code: ErrorCode): void;
}
