import type { Availability } from './cluster';
import { type End, type Entry, NO_ANSWER } from './ledger';

/** What a request may have come to. */
export type Right =
  /** By its backend, which was healthy. */
  | 'answered'
  /** With a code of the plugin, by its deadline. */
  | 'rejected'
  /** Its client left. */
  | 'left';

/** What a request may have come to because of something that no plugin can help: each is documented. */
export const LIMITS = [
  /** Its backend, or Kong's target for it, went away within the lease of its last probe. */
  'lease',
  /** Its backend failed, or went away, while it had it. */
  'backend',
  /** K6: it was held by, or asked of, a plugin server that was killed. */
  'K6',
  /** K7: its nginx worker spins, for a plugin server was killed while it started an instance there. */
  'K7',
  /** nginx's worker that had it was killed. */
  'worker',
  /** K9: an nginx worker had it that a reload had replaced. Such a one learns of no target any more. */
  'reload',
  /** The plugin server stood still when its deadline came. */
  'stalled',
] as const;

/** What no request may come to. */
export const WRONG = ['lost', 'let-through', 'late', 'forgotten', 'wrong-backend', 'twice', 'internal'] as const;

export type Limit = (typeof LIMITS)[number];
export type Wrong = (typeof WRONG)[number];
export type Verdict = Right | Limit | Wrong;

export const isWrong = (verdict: Verdict): verdict is Wrong => (WRONG as readonly Verdict[]).includes(verdict);

/** Something that was done to the gateway node. */
export interface Incident {
  readonly kind: 'server-killed' | 'server-ended' | 'server-stalled' | 'worker-killed' | 'reload' | 'descriptors';
  /** From when to when it may show. */
  readonly from: number;
  readonly to: number;
  /** Of a reload: the nginx workers that it replaced. */
  readonly replaced?: readonly number[];
}

export interface Circumstances {
  readonly available: (backend: string) => Availability;
  readonly incidents: readonly Incident[];
  /** Whether an nginx worker was found to spin. */
  readonly isSpinning: boolean;
  /** For how long after its last passed probe requests may go to a backend: the lease, and what it takes to notice. */
  readonly leaseMs: number;
}

/** A request is late when it is settled this long after its deadline, milliseconds. */
const LATE_MS = 1000;
/** A request is released well within this time of its backend being there, milliseconds. */
const READY_MS = 2500;
/** Clocks of the gateway's log and ours differ by so much at most, milliseconds. */
const SLACK_MS = 150;

/** What became of a request. */
export function judge(entry: Entry, circumstances: Circumstances): Verdict {
  const { end, served, backend } = entry;
  if (served.some((one) => one.backend !== backend)) return 'wrong-backend';
  if (served.filter(({ completedAt }) => completedAt !== undefined).length > 1) return 'twice';
  if (end === undefined) return 'lost';
  switch (end.kind) {
    case 'left':
      return 'left';
    case 'broken':
      return brokenOff(entry, end, circumstances);
    case 'answer':
      if (end.code !== undefined) return settledByPlugin(entry, end.at, end.code, circumstances);
      if (end.from !== undefined && end.from !== backend) return 'wrong-backend';
      return released(entry, end.at, end.from !== undefined, circumstances);
  }
}

function settledByPlugin(entry: Entry, at: number, code: string, circumstances: Circumstances): Verdict {
  if (entry.served.length > 0) return 'twice';
  if (code === 'SERVERLESS_INTERNAL' || code === 'SERVERLESS_CONFIG_INVALID') return 'internal';
  const late = lateness(entry, at, circumstances);
  if (late !== undefined || !isForgotten(entry, at, code, circumstances)) return late ?? 'rejected';
  return isLeftBehind(entry, at, circumstances) ? 'reload' : 'forgotten';
}

/** Whether its deadline came although its backend had been there for long. One with a foreign Host may not be what it takes. */
function isForgotten(entry: Entry, at: number, code: string, { available, incidents }: Circumstances): boolean {
  if (code !== 'SERVERLESS_HOLD_TIMEOUT' || entry.who === 'foreign') return false;
  const isHampered = incidents.some(
    ({ kind, from, to }) => (kind === 'server-stalled' || kind === 'descriptors') && from <= at && to >= at - READY_MS,
  );
  return !isHampered && available(entry.backend).surely.throughout(at - READY_MS, at);
}

/** What is wrong with a request that was settled then; undefined: it was in time. */
function lateness({ sentAt, holdMs }: Entry, at: number, { incidents }: Circumstances): 'late' | 'stalled' | undefined {
  const latest = sentAt + holdMs + LATE_MS;
  if (at <= latest) return undefined;
  // What stands still answers nobody. What it owes it is given once it goes on.
  const stalled = incidents.filter(({ kind, from, to }) => kind === 'server-stalled' && from <= latest && to >= sentAt);
  const lostMs = stalled.reduce((sum, { from, to }) => sum + to - from, 0);
  return at <= latest + lostMs ? 'stalled' : 'late';
}

/** Its connection ended without a complete response, or its client lost patience. */
function brokenOff(entry: Entry, { at, why }: Extract<End, { kind: 'broken' }>, circumstances: Circumstances): Verdict {
  if (why === NO_ANSWER) {
    // What hangs keeps what it had, also once it is well again.
    const isKept = entry.served.length > 0 && entry.served.every(({ completedAt }) => completedAt === undefined);
    if (isKept) return released(entry, at, false, circumstances);
    const isKilled = circumstances.incidents.some(({ kind, from }) => kind === 'server-killed' && from <= at);
    return isKilled && circumstances.isSpinning ? 'K7' : 'lost';
  }
  if (hit('worker-killed', entry, at, circumstances)) return 'worker';
  return diedWithBackend(entry, at, circumstances) ? 'backend' : 'lost';
}

/** The gateway let it go on: to the backend, or to where it believed that to be. */
function released(entry: Entry, endAt: number, byBackend: boolean, circumstances: Circumstances): Verdict {
  const at = releasedAt(entry, endAt);
  const { leaseMs } = circumstances;
  const { perhaps, surely, leaving } = circumstances.available(entry.backend);
  const isHealthy = entry.served.some(({ healthy }) => healthy) || perhaps.within(at - SLACK_MS, at + SLACK_MS);
  if (isHealthy) {
    const late = lateness(entry, at, circumstances);
    if (late !== undefined) return late;
    if (byBackend) return 'answered';
    if (!diedWithBackend(entry, endAt, circumstances)) return 'lost';
    if (entry.served.length > 0) return 'backend';
    // It was there for all of Kong's workers until a moment ago; or it was not yet, and it was too early to let anybody go.
    if (surely.within(at - leaseMs, at) || leaving.within(at - leaseMs, at)) return 'lease';
    if (isLeftBehind(entry, at, circumstances)) return 'reload';
    return hit('server-killed', entry, at, circumstances) ? 'K6' : 'let-through';
  }
  if (perhaps.within(at - leaseMs, at) || leaving.within(at - leaseMs, at)) return 'lease';
  return hit('server-killed', entry, at, circumstances) ? 'K6' : 'let-through';
}

/** When the gateway sent it on. */
function releasedAt({ logged, served }: Entry, endAt: number): number {
  const last = logged.at(-1);
  if (last !== undefined) return last.at - (last.upstreamMs ?? 0);
  return served[0]?.at ?? endAt;
}

/** Whether its backend was gone, or ill, at any time while it may have been there. */
function diedWithBackend(entry: Entry, endAt: number, { available }: Circumstances): boolean {
  const from = releasedAt(entry, endAt);
  return !available(entry.backend).surely.throughout(from - SLACK_MS, endAt + SLACK_MS);
}

/** Whether an nginx worker had it that a reload had replaced: that one has only the targets that it had before. */
function isLeftBehind({ logged }: Entry, at: number, { incidents }: Circumstances): boolean {
  const worker = logged.at(-1)?.worker;
  return incidents.some(
    ({ kind, from, replaced }) => kind === 'reload' && at >= from && worker !== undefined && replaced?.includes(worker),
  );
}

function hit(kind: Incident['kind'], { sentAt }: Entry, at: number, { incidents }: Circumstances): boolean {
  return incidents.some((one) => one.kind === kind && sentAt <= one.to && at >= one.from - SLACK_MS && at <= one.to);
}
