import { systemClock } from '../../../src/adapters/clock';

test('it goes forward, and tells the time of day', () => {
  const before = systemClock.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(Date.parse(systemClock.wall()) - Date.now())).toBeLessThan(5000);
  expect(systemClock.wall()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('a timer calls back once, and not when it was cancelled', async () => {
  let calls = 0;
  const cancel = systemClock.after(0.2, () => (calls += 100));
  const keepsTheProcess = setTimeout(() => undefined, 5000);
  await new Promise<void>((resolve) => {
    systemClock.after(0.5, () => {
      calls += 1;
      resolve();
    });
    cancel();
  });
  clearTimeout(keepsTheProcess);
  expect(calls).toBe(1);
});

test('a timer alone does not keep the process', () => {
  const timer = jest.spyOn(global, 'setTimeout');
  systemClock.after(3_600_000, () => undefined)();
  const made = timer.mock.results[0]!.value as NodeJS.Timeout;
  expect(made.hasRef()).toBe(false);
  timer.mockRestore();
});
