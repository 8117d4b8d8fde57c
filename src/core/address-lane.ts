import type { Policy } from './backend';
import type { AddressAnswer } from './ports';
import { afterPeriod, leaseMs } from './schedule';

/** How often an address is asked on which nothing listens yet, milliseconds. A refused connection costs next to nothing. */
const CLOSED_PERIOD_MS = 20;
/** For so long after it appeared. An application that takes longer is asked once an interval. Milliseconds. */
const EXPECTED_WITHIN_MS = 60_000;
/** What listens and does not pass is asked after this, and after half as long again each time, up to the interval, milliseconds. */
const FIRST_PERIOD_MS = 20;
const GROWTH = 1.5;
/** Addresses of one Service that are asked at the same time. One that passes is enough to let everybody go. */
const MOST_ASKED = 8;

/** What is known of the address of one pod. */
interface Known {
  /** When it appeared. */
  readonly since: number;
  readonly isAsked: boolean;
  /** When it may be asked next. */
  readonly nextAt: number;
  /** How often in a row something answered there, and did not pass. */
  readonly failures: number;
  /** Passed probes in a row. */
  readonly passes: number;
  /** Requests may be pinned to it until then. */
  readonly openUntil: number;
}

/** The addresses of one Service's pods that run or start, and which of them requests may be pinned to. */
export type AddressLane = ReadonlyMap<string, Known>;

export type AddressEvent = { readonly now: number; readonly jitter: number } &
  /** These are the addresses now: all that are not among them have left. */
  (
    | { readonly type: 'seen'; readonly addresses: readonly string[] }
    | {
        readonly type: 'answered';
        readonly address: string;
        readonly outcome: AddressAnswer['outcome'];
        readonly askedAt: number;
      }
    /** A request was pinned to it. */
    | { readonly type: 'used'; readonly address: string }
    | { readonly type: 'tick' }
  );

/** What holds now, and the addresses to ask. */
export type AddressStep = readonly [AddressLane, readonly string[]];

export const NO_ADDRESSES: AddressLane = new Map();

/**
 * One step of what is known of the addresses. Pure.
 *
 * @param wanted somebody waits for one of them
 */
export function stepAddresses(lane: AddressLane, event: AddressEvent, wanted: boolean, policy: Policy): AddressStep {
  switch (event.type) {
    case 'seen':
      return ask(seen(lane, event.addresses, event.now), wanted, event.now);
    case 'answered': {
      const known = lane.get(event.address);
      // One that has left is nobody's any more, whatever it says, also where another has come in its place.
      if (known === undefined || event.askedAt < known.since) return [lane, []];
      return ask(new Map(lane).set(event.address, answered(known, event, policy)), wanted, event.now);
    }
    case 'used': {
      // The lease is renewed in its second half. Meanwhile others may have come to share the work.
      const [renewFrom, { now }] = [event.now + leaseMs(policy) / 2, event];
      return askDue(
        lane,
        now,
        ({ openUntil }, address) => now >= openUntil || (address === event.address && openUntil <= renewFrom),
      );
    }
    case 'tick':
      return ask(lane, wanted, event.now);
  }
}

/** The addresses that requests may be pinned to: those that passed a probe within the lease and have not left since. */
export function openAddresses(lane: AddressLane, now: number): string[] {
  return [...lane].filter(([, { openUntil }]) => now < openUntil).map(([address]) => address);
}

/** When `tick` is wanted next; undefined where nobody waits, or all have been asked. */
export function addressesDueAt(lane: AddressLane, wanted: boolean): number | undefined {
  if (!wanted || asked(lane) >= MOST_ASKED) return undefined;
  let due: number | undefined;
  for (const { isAsked, nextAt } of lane.values()) if (!isAsked && (due === undefined || nextAt < due)) due = nextAt;
  return due;
}

function seen(lane: AddressLane, addresses: readonly string[], now: number): AddressLane {
  const fresh: Known = { since: now, isAsked: false, nextAt: now, failures: 0, passes: 0, openUntil: -Infinity };
  return new Map(addresses.map((address) => [address, lane.get(address) ?? fresh]));
}

function answered(known: Known, event: Extract<AddressEvent, { type: 'answered' }>, policy: Policy): Known {
  const { now, outcome } = event;
  const spread = (ms: number): number => afterPeriod(event, ms);
  if (outcome === 'passed') {
    const passes = known.passes + 1;
    const openUntil = passes >= policy.successes ? now + leaseMs(policy) : known.openUntil;
    return { ...known, isAsked: false, failures: 0, passes, openUntil, nextAt: spread(FIRST_PERIOD_MS) };
  }
  const failed = { ...known, isAsked: false, passes: 0 };
  // An overloaded pod may be slow to answer: the lease decides.
  if (outcome === 'timed-out') return { ...failed, nextAt: spread(policy.intervalMs) };
  if (outcome === 'closed') {
    const isExpected = now - known.since < EXPECTED_WITHIN_MS;
    const periodMs = isExpected ? Math.min(CLOSED_PERIOD_MS, policy.intervalMs) : policy.intervalMs;
    return { ...failed, failures: 0, openUntil: -Infinity, nextAt: spread(periodMs) };
  }
  const periodMs = Math.min(FIRST_PERIOD_MS * GROWTH ** known.failures, policy.intervalMs);
  return { ...failed, failures: known.failures + 1, openUntil: -Infinity, nextAt: spread(periodMs) };
}

function ask(lane: AddressLane, wanted: boolean, now: number): AddressStep {
  // One that is open is enough: those who want more are those who use it.
  if (!wanted || openAddresses(lane, now).length > 0) return [lane, []];
  return askDue(lane, now, () => true);
}

function askDue(lane: AddressLane, now: number, wants: (known: Known, address: string) => boolean): AddressStep {
  const due = [...lane].filter(([address, known]) => !known.isAsked && now >= known.nextAt && wants(known, address));
  const chosen = due.slice(0, Math.max(0, MOST_ASKED - asked(lane)));
  if (chosen.length === 0) return [lane, []];
  const next = new Map(lane);
  for (const [address, known] of chosen) next.set(address, { ...known, isAsked: true });
  return [next, chosen.map(([address]) => address)];
}

function asked(lane: AddressLane): number {
  return [...lane.values()].filter(({ isAsked }) => isAsked).length;
}
