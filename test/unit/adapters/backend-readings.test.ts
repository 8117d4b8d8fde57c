import { backendReadings } from '../../../src/adapters/backend-readings';

test('each backend has one reading', () => {
  expect(
    backendReadings([
      { target: '/a', held: 2, state: 'waking', asleepSeconds: 3.5 },
      { target: '/b', held: 0, state: 'idle', asleepSeconds: undefined },
      { target: '/c', held: 0, state: 'asleep', asleepSeconds: 60 },
    ]),
  ).toEqual([
    { target: '/a', held: 2, state: 3, asleepSeconds: 3.5 },
    { target: '/b', held: 0, state: 0, asleepSeconds: undefined },
    { target: '/c', held: 0, state: 1, asleepSeconds: 60 },
  ]);
});

test('two of one target are one series: a label stands for one number', () => {
  const one = { target: '/a', held: 2, state: 'ready', asleepSeconds: 3 } as const;
  const other = { target: '/a', held: 5, state: 'idle', asleepSeconds: undefined } as const;
  const both = [{ target: '/a', held: 7, state: 4, asleepSeconds: 3 }];
  expect(backendReadings([one, other])).toEqual(both);
  expect(backendReadings([other, one])).toEqual(both);
});
