import { WorkerNumbers } from '../../../src/adapters/worker-numbers';

test('workers get small numbers, and keep them', () => {
  const numbers = new WorkerNumbers(() => 0);
  expect([4711, 4712, 4711, 99].map((pid) => numbers.of(pid))).toEqual(['0', '1', '0', '2']);
});

test('the number of one that nothing was heard of for five minutes is given away: reloads make no labels without end', () => {
  let now = 0;
  const numbers = new WorkerNumbers(() => now);
  const seen = new Set<string>();
  for (let reload = 0; reload < 100; reload += 1) {
    now += 6 * 60_000;
    for (const worker of [1, 2]) seen.add(numbers.of(1000 + 2 * reload + worker));
  }
  expect([...seen].sort()).toEqual(['0', '1']);
});

test('one that is heard of keeps its number however long it lives', () => {
  let now = 0;
  const numbers = new WorkerNumbers(() => now);
  for (let minute = 0; minute < 60; minute += 4) {
    now = minute * 60_000;
    expect(numbers.of(7)).toBe('0');
  }
  expect(numbers.of(8)).toBe('1');
});
