import type { Held } from '../../../src/core/held';
import { earliestDeadline, partition, rejectOf, releaseOf, workersOf } from '../../../src/core/held';

const one = (id: number, worker: number, deadline: number): Held => ({ id, worker, deadline, wakes: true });
const held = [one(1, 12, 300), one(2, 11, 100), one(3, 12, 200)];

test('a list is split in two, each in its order', () => {
  expect(partition(held, ({ worker }) => worker === 12)).toEqual([[held[0], held[2]], [held[1]]]);
});

test('all of a list are released, or rejected, by one effect', () => {
  expect(releaseOf(held)).toEqual([{ type: 'release', ids: [1, 2, 3] }]);
  expect(rejectOf(held, 'SERVERLESS_NO_WAKE')).toEqual([
    { type: 'reject', ids: [1, 2, 3], code: 'SERVERLESS_NO_WAKE' },
  ]);
});

test('nobody needs no effect', () => {
  expect(releaseOf([])).toEqual([]);
  expect(rejectOf([], 'SERVERLESS_HOLD_TIMEOUT')).toEqual([]);
});

test('the workers that wait are named once each, in order of arrival', () => {
  expect(workersOf(held)).toEqual([12, 11]);
});

test('the earliest deadline counts, and there is none for nobody', () => {
  expect(earliestDeadline(held)).toBe(100);
  expect(earliestDeadline([])).toBe(Infinity);
});
