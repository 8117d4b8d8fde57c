import * as fc from 'fast-check';

/** The backends of every run, and what is particular about each. */
export const BACKENDS = ['plain', 'other', 'hosts', 'shared'] as const;
export type BackendName = (typeof BACKENDS)[number];
/** A backend that takes so long to start that Kong would lose patience with the plugin (K1). */
export const PATIENT = 'patient';
/** How long it takes to start, how long its requests are held at most, and how long Kong waits for a word of the plugin. */
export const PATIENT_BOOT_MS = 24_000;
export const PATIENT_HOLD_MS = 30_000;
export const KONG_WAITS_MS = 22_000;

/** For how long an episode sends requests and makes faults, milliseconds. */
export const EPISODE_MS = 10_000;
export const HOLD_MS = 6000;
export const LEASE_MS = 1000;
export const TTL_MS = 4000;
export const COOLDOWN_MS = 3000;

/** The requests for one backend during an episode. */
export interface Traffic {
  /** Mean time between two requests, milliseconds: around the lease, the message's life and the cooldown, and far below. */
  readonly everyMs: number;
  /** So many more at once, at these moments. */
  readonly bursts: readonly { readonly at: number; readonly count: number }[];
  /** Shares of those that are not a plain GET which waits for its answer. */
  readonly leavers: number;
  readonly crawlers: number;
  readonly foreign: number;
  readonly posts: number;
  /** How long the backend works on a request at most, milliseconds. */
  readonly takesMs: number;
}

/** How the connection to the gateway is used. */
export const HOWS = ['close', 'keep-alive', 'http1.0', 'http2'] as const;
export type How = (typeof HOWS)[number];

type Timed<K extends string, F = unknown> = { readonly kind: K; readonly at: number } & F;
type OnBackend = { readonly backend: BackendName };
type Lasting = { readonly forMs: number };

/** Where the log of a plugin server goes. */
export const LOGS = ['file', 'full-disk', 'stalled-reader'] as const;
export type LogTo = (typeof LOGS)[number];
export const DAPR_WAYS = ['down', 'hang', 'slow', '400', '404', '500', 'html', 'flap', 'loses'] as const;
export type DaprWay = (typeof DAPR_WAYS)[number];
export const BACKEND_WAYS = ['crash', 'hang', 'fail', 'redirect', 'one-probe', 'flap', 'slow-health'] as const;
export type BackendWay = (typeof BACKEND_WAYS)[number];

export type Fault =
  | Timed<'server', { readonly how: 'SIGKILL' | 'SIGTERM' | 'SIGABRT'; readonly log: LogTo }>
  | Timed<'freeze', Lasting>
  | Timed<'descriptors', Lasting>
  | Timed<'clock', { readonly byMs: number }>
  | Timed<'block', Lasting>
  | Timed<'standby-killed'>
  | Timed<'reload'>
  | Timed<'worker-killed'>
  | Timed<'pushes', OnBackend & { readonly count: number }>
  | Timed<'dapr', Lasting & { readonly way: DaprWay }>
  | Timed<'keda-paused', Lasting>
  | Timed<'backend', OnBackend & Lasting & { readonly way: BackendWay }>
  | Timed<'scaled-in', OnBackend>
  | Timed<'api-server', Lasting>;

/** One episode. The same schedule sends the same requests and makes the same faults at the same moments. */
export interface Schedule {
  /** For all that is drawn while it runs: intervals, who asks, how. */
  readonly seed: number;
  readonly bootMs: number;
  /** Whether some wait for the patient backend. */
  readonly patient: boolean;
  readonly traffic: Readonly<Record<BackendName, Traffic>>;
  readonly faults: readonly Fault[];
}

const at = fc.integer({ min: 300, max: EPISODE_MS - 500 });
const forMs = fc.integer({ min: 200, max: 5000 });
const backend = fc.constantFrom(...BACKENDS);
const share = fc.constantFrom(0, 0, 0.1, 0.3);

const traffic: fc.Arbitrary<Traffic> = fc.record({
  everyMs: fc.constantFrom(40, 150, 450, LEASE_MS, TTL_MS / 2, TTL_MS, TTL_MS + COOLDOWN_MS),
  bursts: fc.array(fc.record({ at: fc.integer({ min: 0, max: EPISODE_MS }), count: fc.integer({ min: 5, max: 60 }) }), {
    maxLength: 2,
  }),
  leavers: share,
  crawlers: share,
  foreign: share,
  posts: share,
  takesMs: fc.constantFrom(0, 0, 100, 1500),
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('server' as const), at },
    how: fc.constantFrom('SIGKILL' as const, 'SIGTERM' as const, 'SIGABRT' as const),
    log: fc.constantFrom(...LOGS),
  }),
  fc.record({ kind: fc.constant('freeze' as const), at, forMs: fc.constantFrom(300, 2000, 5000) }),
  fc.record({ kind: fc.constant('descriptors' as const), at, forMs }),
  fc.record({ kind: fc.constant('clock' as const), at, byMs: fc.constantFrom(-7_200_000, -5000, 5000, 86_400_000) }),
  fc.record({ kind: fc.constant('block' as const), at, forMs: fc.constantFrom(200, 2000) }),
  fc.record({ kind: fc.constant('standby-killed' as const), at }),
  fc.record({ kind: fc.constant('reload' as const), at }),
  fc.record({ kind: fc.constant('worker-killed' as const), at }),
  fc.record({ kind: fc.constant('pushes' as const), at, backend, count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('dapr' as const), at, forMs, way: fc.constantFrom(...DAPR_WAYS) }),
  fc.record({ kind: fc.constant('keda-paused' as const), at, forMs }),
  fc.record({ kind: fc.constant('backend' as const), at, backend, forMs, way: fc.constantFrom(...BACKEND_WAYS) }),
  fc.record({ kind: fc.constant('scaled-in' as const), at, backend }),
  fc.record({ kind: fc.constant('api-server' as const), at, forMs }),
);

/** Episodes at random. fast-check shrinks one that fails: fewer faults, fewer requests. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  bootMs: fc.constantFrom(50, 400, 1500),
  patient: fc.constantFrom(false, false, false, false, false, false, false, true),
  traffic: fc.record({ plain: traffic, other: traffic, hosts: traffic, shared: traffic }),
  faults: fc.array(fault, { minLength: 1, maxLength: 5 }),
});

/** Numbers in [0, 1) that a seed determines (mulberry32). */
export const chance = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
