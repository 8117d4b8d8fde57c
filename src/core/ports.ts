import type { ProbeSettings } from './backend';
import type { ErrorCode } from './errors';
import type { ProbeOutcome, ProbeReport, ProbeResult, PublishReport } from './reports';
import type { ServiceName, ServicePort } from './service-name';
import type { TraceContext } from './tracing';

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

/** A pod that runs or starts, as its Service shows it. */
export interface Pod {
  /** Its IP address. */
  readonly address: string;
  /** It passes its readiness probe, as far as Kubernetes knows. */
  readonly ready: boolean;
  /** Ports of the pod, by the name that the Service gives each; '' for its only one. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Told the pods of a Service that run or start; undefined: nothing is known, or any more. */
export type OnPods = (pods: readonly Pod[] | undefined) => void;

/** Knows where the pods of Services are. */
export interface Endpoints {
  /** Calls back once they are known and at each change. Returns how to stop that. Never throws. */
  follow(service: ServiceName, onPods: OnPods): () => void;
}

/** Where a request is sent instead of to whichever pod Kong would choose. */
export interface Pin {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Host that the backend is to see: Kong would send the address instead. */
  readonly host: string;
}

/** What a pod said to a probe that was pinned to it. */
export interface AddressAnswer {
  /** `closed`: nothing listens there yet, which cost next to nothing to find out. */
  readonly outcome: ProbeOutcome | 'closed';
  /** Undefined where nothing was asked. */
  readonly report: ProbeReport | undefined;
}

/** Probes the pods of one backend by their addresses: through the gateway, so that all that a pass proves is the whole way. */
export interface AddressProber {
  /** Never rejects. */
  probe(pin: Pin, service: ServicePort, settings: ProbeSettings): Promise<AddressAnswer>;
  /** Forgets its connections. */
  close(): void;
}

/** Sees Kong's connections. */
export interface OpenConnections {
  /** How many are open to these, each `IP:PORT`. Never rejects. */
  to(addresses: readonly string[]): Promise<number>;
}

/** The message that wakes a backend, or keeps it up. */
export interface WakeUp {
  readonly reason: 'cold-start' | 'activity';
  /** Target of the backend. */
  readonly backend: string;
  /** How many requests it stands for: 0 where it only says that some are not finished. */
  readonly requests: number;
  /** How many connections to the backend were open when there had been no message for a while. */
  readonly inFlight?: number;
  /** How many requests the gateway holds for the backend, where it holds any. */
  readonly held?: number;
  /** How long it counts, seconds. */
  readonly ttl: number;
  /** Host name of this gateway node. */
  readonly gateway: string;
  /** RFC 3339. */
  readonly at: string;
  /** Trace context of the publish, where there is one: whoever delivers the message may put another into its headers. */
  readonly traceparent?: string;
  readonly tracestate?: string | undefined;
}

export interface PublishTarget {
  readonly pubsub: string;
  readonly topic: string;
  readonly ttlMs: number;
}

/** Publishes to the Dapr sidecar. */
export interface Publisher {
  /** Never rejects: how it failed is in the report. */
  publish(target: PublishTarget, message: WakeUp, trace: TraceContext | undefined): Promise<PublishReport>;
}

/**
 * What let a request go: a probe that passed on the address of a pod, one through the request's own nginx worker, or the time that every
 * worker has had to follow the first.
 */
export type Lane = 'address' | 'worker' | 'settle';

/** How it was known that a backend sleeps: Kubernetes showed no pod of it, or a probe did not pass. */
export type WakeReason = 'no-pod' | 'probe';

/** A finished cold start, for the log and the metrics. Milliseconds from the first request's arrival. */
export interface ColdStart {
  readonly at: string;
  readonly reason: WakeReason;
  /** Whose Host the probes sent: that of the configuration, or those of the clients that waited. */
  readonly host: 'configured' | 'client';
  /** The Kubernetes Service behind it, where that is known. */
  readonly service: ServiceName | undefined;
  /** Trace that the first request with a trace context belongs to. */
  readonly traceId: string | undefined;
  /** Requests held when it became ready. */
  readonly held: number;
  /** Until Dapr accepted the wake-up; undefined when it never did. */
  readonly wakeMs: number | undefined;
  /** Until a probe had passed, and those who waited went on. */
  readonly readyMs: number;
  /** What let the first of them go. */
  readonly lane: Lane;
  /** Until Kubernetes showed the address of a pod; undefined where it is not watched, or had one from the start. */
  readonly addressMs: number | undefined;
  /** Until a pod was Ready. Undefined where it is not watched, or is not yet. */
  readonly podReadyMs: number | undefined;
  readonly probes: number;
  readonly messages: number;
}

/** A cold start that goes on although requests were answered with an error meanwhile. Milliseconds likewise. */
export interface LateColdStart extends Pick<
  ColdStart,
  'at' | 'reason' | 'service' | 'wakeMs' | 'addressMs' | 'probes' | 'messages'
> {
  /** For how long it had gone on. */
  readonly sinceMs: number;
}

/** How the wait of a request ended. */
export interface Settlement {
  /** `released`, `client-gone`, `answered`, or the code of the error that it was answered with. */
  readonly outcome: string;
  readonly heldMs: number;
  /** What let it go, if anything did. */
  readonly lane?: Lane | undefined;
  /** Process id of its nginx worker. */
  readonly worker?: number;
}

/** Told of every request that is answered with an error. Never throws. */
export type OnRejected = (code: ErrorCode) => void;

/** What came of an operator's request. `unknown`: there is no such backend. `busy`: requests wait for it. */
export type Asked =
  | { readonly kind: 'unknown' | 'busy' }
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string }
  /** @param state what it does now */
  | { readonly kind: 'done'; readonly state: string };

/** Why a message was published. */
export type MessageReason = WakeUp['reason'] | 'companion';

/** Observes what the product does. Nothing depends on it: whoever tells several of them catches what one throws. */
export interface Observer {
  coldStart(backend: string, coldStart: ColdStart): void;
  /** Requests were rejected during a cold start, for the first time in it. */
  coldStartLate(backend: string, code: ErrorCode, late: LateColdStart): void;
  /** A request that was held, however it ended. */
  settled(backend: string, settlement: Settlement): void;
  /** The lease of a ready backend was in its second half, and is being renewed by a probe. */
  renewed(backend: string): void;
  probed(backend: string, outcome: string): void;
  /** @param reason of the message; `companion`: it was for another backend, which this one wakes with it */
  published(backend: string, reason: MessageReason, report: PublishReport): void;
  /** A request was answered with an error of ours. Called by whoever answers it. */
  rejected(code: ErrorCode): void;
}
