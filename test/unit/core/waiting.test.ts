import { anyOther, anyWakes, join, leave, NOBODY, part, wakersOf, workersOf } from '../../../src/core/waiting';

const on = (worker: number, wakes = true) => ({ worker, wakes });
const three = [on(12), on(11), on(12, false)].reduce(join, NOBODY);

test('the workers with requests waiting are named once each, in the order in which they began to', () => {
  expect(workersOf(three)).toEqual([12, 11]);
});

test('one who joins and leaves changes nothing, and the value before stays what it was', () => {
  const more = join(three, on(13));
  expect(workersOf(more)).toEqual([12, 11, 13]);
  expect(leave(more, on(13))).toEqual(three);
  expect(workersOf(three)).toEqual([12, 11]);
});

test('a worker is gone with the last one who waits on it', () => {
  expect(workersOf(leave(three, on(12)))).toEqual([12, 11]);
  expect(workersOf(leave(leave(three, on(12)), on(12, false)))).toEqual([11]);
});

test('those who must not wake are told from the others', () => {
  expect([anyWakes(three), anyOther(three)]).toEqual([true, true]);
  const wakers = wakersOf(three);
  expect([workersOf(wakers), anyOther(wakers)]).toEqual([[12, 11], false]);
  const others = join(NOBODY, on(12, false));
  expect([anyWakes(others), workersOf(wakersOf(others))]).toEqual([false, []]);
});

test('workers are parted from the others', () => {
  const [workers, rest] = part(three, (worker) => worker === 12);
  expect([workers, workersOf(rest)]).toEqual([[12], [11]]);
  expect(part(three, () => false)).toEqual([[], three]);
});
