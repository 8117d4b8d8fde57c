import type { AddressLane } from '../../../src/core/address-lane';
import { addressesDueAt, NO_ADDRESSES, openAddresses, stepAddresses } from '../../../src/core/address-lane';
import type { AddressAnswer } from '../../../src/core/ports';
import { POLICY } from './example-backend';

const A = '10.0.0.1:8080';
const B = '10.0.0.2:8080';

/** One Service for whose pods somebody waits. */
class Lane {
  now = 1000;
  lane: AddressLane = NO_ADDRESSES;
  /** All that were asked, each with when. */
  readonly asked: [at: number, address: string][] = [];
  wanted = true;
  policy = POLICY;

  step(event: Parameters<typeof stepAddresses>[1] extends infer E ? Omit<E & object, 'now' | 'jitter'> : never): void {
    const full = { ...event, now: this.now, jitter: 0 } as Parameters<typeof stepAddresses>[1];
    const [lane, ask] = stepAddresses(this.lane, full, this.wanted, this.policy);
    this.lane = lane;
    for (const address of ask) this.asked.push([this.now, address]);
  }

  seen(...addresses: string[]): void {
    this.step({ type: 'seen', addresses } as never);
  }

  answered(address: string, outcome: AddressAnswer['outcome']): void {
    const askedAt = this.asked.findLast(([, asked]) => asked === address)?.[0] ?? 0;
    this.step({ type: 'answered', address, outcome, askedAt } as never);
  }

  used(address: string): void {
    this.step({ type: 'used', address } as never);
  }

  get open(): string[] {
    return openAddresses(this.lane, this.now);
  }

  get dueIn(): number | undefined {
    const due = addressesDueAt(this.lane, this.wanted);
    return due === undefined ? undefined : due - this.now;
  }

  /** Moves to what is due next, and does it. */
  tick(): void {
    this.now += this.dueIn ?? NaN;
    this.step({ type: 'tick' } as never);
  }
}

let lane: Lane;
beforeEach(() => {
  lane = new Lane();
});

describe('an address', () => {
  test('is asked the moment that it appears, and again every 20 ms while nothing listens', () => {
    lane.seen(A);
    for (let time = 0; time < 5; time += 1) {
      lane.answered(A, 'closed');
      lane.tick();
    }
    expect(lane.asked.map(([at]) => at - 1000)).toEqual([0, 20, 40, 60, 80, 100]);
  });

  test('on which nothing listens after a minute is asked once an interval', () => {
    lane.seen(A);
    lane.now += 60_000;
    lane.answered(A, 'closed');
    expect(lane.dueIn).toBe(POLICY.intervalMs);
  });

  test('that answers and does not pass is asked less and less often, down to once an interval', () => {
    lane.seen(A);
    const periods: (number | undefined)[] = [];
    for (let time = 0; time < 7; time += 1) {
      lane.answered(A, 'failed');
      periods.push(lane.dueIn);
      lane.tick();
    }
    expect(periods).toEqual([20, 30, 45, 67.5, 100, 100, 100]);
  });

  test('is open once it passes, for a lease', () => {
    lane.seen(A);
    expect(lane.open).toEqual([]);
    lane.answered(A, 'passed');
    expect(lane.open).toEqual([A]);
    lane.now += POLICY.leaseMs;
    expect(lane.open).toEqual([]);
  });

  test('is open only after as many passes in a row as are wanted', () => {
    lane.policy = { ...POLICY, successes: 2 };
    lane.seen(A);
    lane.answered(A, 'passed');
    lane.tick();
    lane.answered(A, 'failed');
    lane.tick();
    lane.answered(A, 'passed');
    expect(lane.open).toEqual([]);
    lane.tick();
    lane.answered(A, 'passed');
    expect(lane.open).toEqual([A]);
  });

  test.each(['failed', 'closed', 'unanswered'] as const)('that then says %s is open no more', (outcome) => {
    lane.seen(A);
    lane.answered(A, 'passed');
    lane.answered(A, outcome);
    expect(lane.open).toEqual([]);
  });

  test('that is slow to answer stays open for its lease', () => {
    lane.seen(A);
    lane.answered(A, 'passed');
    lane.answered(A, 'timed-out');
    expect(lane.open).toEqual([A]);
  });

  test('that leaves is open no more, whatever it says afterwards', () => {
    lane.seen(A);
    lane.answered(A, 'passed');
    lane.seen(B);
    expect(lane.open).toEqual([]);
    lane.answered(A, 'passed');
    expect(lane.open).toEqual([]);
    lane.now += 1;
    lane.seen(A, B);
    lane.step({ type: 'answered', address: A, outcome: 'passed', askedAt: 1000 } as never);
    expect(lane.open).toEqual([]);
  });

  test('that is used has its lease renewed in its second half', () => {
    lane.seen(A);
    lane.answered(A, 'passed');
    lane.wanted = false;
    lane.now += POLICY.leaseMs / 2 - 1;
    lane.used(A);
    expect(lane.asked).toHaveLength(1);
    lane.now += 1;
    lane.used(A);
    lane.used(A);
    expect(lane.asked).toHaveLength(2);
    lane.answered(A, 'passed');
    lane.now += POLICY.leaseMs - 1;
    expect(lane.open).toEqual([A]);
  });
});

describe('several', () => {
  test('are asked until one is open; those who use it have the others asked', () => {
    lane.seen(A, B);
    lane.answered(B, 'closed');
    lane.answered(A, 'passed');
    lane.now += 20;
    lane.step({ type: 'tick' } as never);
    expect(lane.asked).toHaveLength(2);
    lane.used(A);
    expect(lane.asked.at(-1)).toEqual([lane.now, B]);
    lane.answered(B, 'passed');
    expect(lane.open).toEqual([A, B]);
  });

  test('are asked no more than eight at once', () => {
    const many = Array.from({ length: 20 }, (_, n) => `10.0.0.${n}:80`);
    lane.seen(...many);
    expect(lane.asked).toHaveLength(8);
    expect(lane.dueIn).toBeUndefined();
    lane.answered(many[0]!, 'closed');
    expect(lane.asked).toHaveLength(9);
  });
});

test('nobody is asked while nobody waits', () => {
  lane.wanted = false;
  lane.seen(A);
  expect(lane.asked).toEqual([]);
  expect(lane.dueIn).toBeUndefined();
  lane.used(B);
  lane.answered(B, 'passed');
  expect(lane.open).toEqual([]);
});
