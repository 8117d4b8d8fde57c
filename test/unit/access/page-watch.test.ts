import { PageWatches } from '../../../src/access/page-watch';
import type { Hold, Outcome } from '../../../src/activation/arrival';
import { FakeClock } from '../../support/fake-clock';

test('once this process leaves, no hold is kept for a page any more', () => {
  const watches = new PageWatches(new FakeClock());
  let left = 0;
  const hold = {
    outcome: new Promise<Outcome>(() => undefined),
    leave: () => (left += 1),
  } as unknown as Hold;
  watches.keep('one', hold, 0);
  expect(left).toBe(0);
  watches.close();
  expect(left).toBe(1);
  watches.keep('two', hold, 0);
  expect(left).toBe(2);
  expect(watches.of('two')).toBeUndefined();
});
