import { AsleepTime } from '../../../src/activation/asleep-time';
import { FakeClock } from '../../support/fake-clock';

test('nothing is said before anybody knew', async () => {
  const clock = new FakeClock();
  const time = new AsleepTime(clock);
  await clock.advance(5000);
  expect(time.ms).toBeUndefined();
  time.changed(undefined);
  expect(time.ms).toBeUndefined();
});

test('the time without a pod is summed up, also that of now; what nobody saw is not', async () => {
  const clock = new FakeClock();
  const time = new AsleepTime(clock);
  time.changed(true);
  await clock.advance(1000);
  expect(time.ms).toBe(1000);
  time.changed(false);
  await clock.advance(500);
  expect(time.ms).toBe(1000);
  time.changed(true);
  await clock.advance(200);
  time.changed(undefined);
  await clock.advance(9000);
  expect(time.ms).toBe(1200);
});
