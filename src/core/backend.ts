import type { ServicePort } from './service-name';
import type { WaitingPage } from './waiting-page';

/**
 * A backend as the core sees it: one entry of the plugin's configuration, complete and in milliseconds.
 * `src/config/parse.ts` makes it; nothing else does.
 */
export interface Backend {
  /** Identity in this process: equal for every plugin instance that names the same backend in the same way (K12). */
  readonly key: string;
  /** Which plugin configuration names it: the same for all instances of it, and for those that replace them (K13). */
  readonly source: string;
  /** Path prefix, normalised as Kong does, without a trailing slash except for `/` itself: its name, as a person reads it. */
  readonly target: string;
  /** The same as `normalizePath` gives it, a character for each byte. */
  readonly prefix: string;
  /** Path that is probed through the gateway, `target` + `health`, or that of gRPC's health service. Undefined: publish, and do not wait. */
  readonly healthPath: string | undefined;
  /** Dapr component. */
  readonly pubsub: string;
  readonly topic: string;
  /** The Kubernetes Service behind it; undefined: the one that Kong names. */
  readonly service: ServicePort | undefined;
  /** What is woken whenever it is. */
  readonly wakesWith: readonly TopicName[];
  readonly probe: ProbeSettings;
  readonly policy: Policy;
  /** A request that one of these matches never wakes the backend. */
  readonly noWake: readonly NoWakeMatcher[];
  /** What a request gets at its deadline: `reject` 503, `pass` the gateway's own answer. */
  readonly onTimeout: 'reject' | 'pass';
  /** It sleeps on purpose: no request reaches it, and none wakes it. */
  readonly maintenance?: boolean;
  /** Where requests go that it does not get; undefined: nowhere, they are answered. */
  readonly fallback?: Fallback | undefined;
  /** Held requests that are let go each second; undefined: all at once. */
  readonly releaseRate?: number | undefined;
  /** Whether a client that asks for it is answered 202 in place of being held. */
  readonly respondAsync?: boolean;
  /** What a person sees while it wakes; undefined: nothing, until it is up. */
  readonly waitingPage?: WaitingPage | undefined;
}

/** A topic of a Dapr component. */
export interface TopicName {
  readonly pubsub: string;
  readonly topic: string;
}

export interface ProbeSettings {
  /** Timeout of one try, milliseconds; doubled after each that times out. */
  readonly timeoutMs: number;
  /** Status codes that pass; not asked where `grpc` is. */
  readonly statuses: readonly number[];
  /** The probe is a call of gRPC's health service, over HTTP/2. */
  readonly grpc: boolean;
  /** Host header of a probe; undefined: those of the requests that wait. */
  readonly host: string | undefined;
  /** Probe this URL directly instead of the gateway; undefined: through the gateway. */
  readonly url: string | undefined;
}

/** Why a request goes to the fallback. */
export type FallbackReason = 'timeout' | 'overflow' | 'unwoken' | 'maintenance';

/** Another upstream, in place of the backend. */
export interface Fallback {
  /** Name or IPv4 address. */
  readonly host: string;
  readonly port: number;
  /** For how long a request is held before it goes there while the backend wakes, milliseconds; undefined: until it fails. */
  readonly afterMs: number | undefined;
  readonly on: readonly FallbackReason[];
}

/** Requests that are alike, and known by more than one header. */
export type RequestClass = 'preflight' | 'head' | 'probe' | 'bot';

/** What a request gets that must not wake the backend, in place of a problem document. */
export interface NoWakeAnswer {
  /** Undefined: none. */
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** All conditions that are given must hold. */
export interface NoWakeMatcher {
  /** Path prefix on segment boundaries, normalised. */
  readonly path: string | undefined;
  /** Upper case. */
  readonly method: string | undefined;
  /** Lower case; contained anywhere in the User-Agent, which is compared in lower case. */
  readonly userAgent: string | undefined;
  readonly class?: RequestClass | undefined;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Undefined: a problem document. */
  readonly answer?: NoWakeAnswer | undefined;
}

/**
 * The numbers that hold for a backend. `holdTimeoutMs`, `leastHoldMs` and `maxHeld` come with each request; the others belong to the
 * backend, and where two plugin configurations differ in them, the stricter one wins.
 */
export interface Policy {
  /** Probe period while a backend wakes; a jitter of up to 10 % is added or taken. */
  readonly intervalMs: number;
  /** A request is settled at most this long after it arrived. */
  readonly holdTimeoutMs: number;
  /** The deadline comes earlier where the last cold starts say so, but not before this. Undefined: it does not. */
  readonly leastHoldMs?: number | undefined;
  readonly maxHeld: number;
  /** How long a passed probe is trusted. */
  readonly leaseMs: number;
  /** How long the other nginx workers may take to follow the first (K27). */
  readonly settleMs: number;
  /** Passed probes in a row that make a waking backend ready. */
  readonly successes: number;
  readonly messageTtlMs: number;
  /** One activity message stands for this many requests. */
  readonly requestsPerMessage: number;
  /** Messages per second and backend, at most. */
  readonly maxMessageRate: number;
  /** Cold starts in any hour, at most; Infinity: no bound. */
  readonly maxWakesPerHour: number;
  /** After so many cold starts in a row that came to nothing, waking pauses; Infinity: never. */
  readonly maxFailedWakes: number;
}
