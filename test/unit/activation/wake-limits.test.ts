import { WakeLimits } from '../../../src/activation/wake-limits';
import { FakeClock } from '../../support/fake-clock';
import { POLICY } from '../core/example-backend';

const HOUR_MS = 3_600_000;

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

const limits = (bounds: Partial<typeof POLICY>): WakeLimits => new WakeLimits(() => ({ ...POLICY, ...bounds }), clock);

describe('a budget', () => {
  test('counts cold starts, not how often a wake-up is sent, and says when the next is allowed', async () => {
    const two = limits({ maxWakesPerHour: 2 });
    expect([two.admits(1), two.admits(1), two.admits(1)]).toEqual([true, true, true]);
    two.succeeded();
    await clock.advance(60_000);
    expect(two.admits(2)).toBe(true);
    two.succeeded();
    await clock.advance(60_000);
    expect(two.admits(3)).toBe(false);
    expect(two.denied).toMatchObject({ code: 'SERVERLESS_WAKE_BUDGET', retryAfterMs: HOUR_MS - 120_000 });
    await clock.advance(HOUR_MS - 120_000);
    expect(two.admits(4)).toBe(true);
    expect(two.denied).toBeUndefined();
  });

  test('without a bound is never used up', () => {
    const none = limits({});
    for (let start = 0; start < 5000; start++) {
      expect(none.admits(start)).toBe(true);
      none.succeeded();
    }
  });
});

describe('after failures in a row', () => {
  const fail = (one: WakeLimits, start: number): boolean => {
    expect(one.admits(start)).toBe(true);
    return one.failed();
  };

  test('waking pauses, one trial is made, and each that fails doubles the pause', async () => {
    const three = limits({ maxFailedWakes: 3 });
    expect([fail(three, 1), fail(three, 2), fail(three, 3)]).toEqual([false, false, true]);
    expect(three.admits(4)).toBe(false);
    expect(three.denied).toMatchObject({ code: 'SERVERLESS_CIRCUIT_OPEN', retryAfterMs: 30_000 });
    await clock.advance(30_000);
    expect(fail(three, 5)).toBe(true);
    expect(three.admits(6)).toBe(false);
    expect(three.denied).toMatchObject({ retryAfterMs: 60_000 });
    await clock.advance(60_000);
    expect(three.admits(7)).toBe(true);
    three.succeeded();
    expect([fail(three, 8), fail(three, 9)]).toEqual([false, false]);
  });

  test('the pause ends after an hour at the latest', async () => {
    const one = limits({ maxFailedWakes: 1 });
    for (let start = 0; start < 30; start++) {
      fail(one, start);
      await clock.advance(HOUR_MS);
    }
    expect(one.admits(99)).toBe(true);
  });

  test('one that was never admitted is no failure', () => {
    const one = limits({ maxFailedWakes: 1 });
    expect(one.failed()).toBe(false);
    expect(one.admits(1)).toBe(true);
  });
});
