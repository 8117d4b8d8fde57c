import { Quiet } from '../../../src/core/quiet';

test('it is said at once, and then once a period', () => {
  const quiet = new Quiet(1000);
  expect([0, 1, 999, 1000, 1001, 5000].map((now) => quiet.allows(now))).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
});
