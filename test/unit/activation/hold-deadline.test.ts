import { holdDeadlineMs } from '../../../src/activation/hold-deadline';
import type { ColdStart } from '../../../src/core/ports';
import { POLICY } from '../core/example-backend';

const starts = (...ms: number[]): ColdStart[] => ms.map((readyMs) => ({ readyMs }) as ColdStart);

test.each([
  ['is the hold deadline where nothing else is wanted', undefined, [1000, 1000, 1000, 1000, 1000], 30_000],
  ['is the hold deadline with fewer than five cold starts', 2000, [1000, 1000, 1000, 1000], 30_000],
  ['is twice the time of nine of ten', 2000, [4000, 1000, 5000, 2000, 3000], 10_000],
  ['is not below the least', 8000, [1000, 1000, 1000, 1000, 1000], 8000],
  ['is not above the hold deadline', 2000, [20_000, 20_000, 20_000, 20_000, 20_000], 30_000],
])('the deadline %s', (_says, leastHoldMs, history, expected) => {
  expect(holdDeadlineMs({ ...POLICY, leastHoldMs }, starts(...history))).toBe(expected);
});
