import fc from 'fast-check';
import { estimate } from '../../../src/waiting-page/estimate';

const HISTORY = [10_000, 8000, 12_000, 9000, 20_000];

describe('how long it takes still', () => {
  test.each<[number, object]>([
    [0, { kind: 'usual', secondsLeft: 10, progress: 0, changesInMs: 5000, endsInMs: 20_000 }],
    [4000, { kind: 'usual', secondsLeft: 10, changesInMs: 1000 }],
    [5000, { kind: 'usual', secondsLeft: 5, changesInMs: 5000 }],
    [10_000, { kind: 'soon', secondsLeft: undefined, progress: 0.475, changesInMs: 10_000 }],
    [20_000, { kind: 'late', secondsLeft: undefined, progress: 0.95, changesInMs: undefined, endsInMs: 0 }],
    [60_000, { kind: 'late', progress: 0.95 }],
  ])('after %d ms', (elapsed, expected) => {
    expect(estimate(elapsed, HISTORY)).toMatchObject(expected);
  });

  test('is not said where nothing is known', () => {
    expect(estimate(5000, [])).toMatchObject({ kind: 'unknown', progress: undefined, secondsLeft: undefined });
  });

  test('never goes back, is never full, and never changes within a moment', () => {
    const history = fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 20 });
    const time = fc.integer({ min: 0, max: 700_000 });
    fc.assert(
      fc.property(history, time, time, (known, a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)].map((at) => estimate(at, known));
        expect(second!.progress).toBeGreaterThanOrEqual(first!.progress!);
        expect(second!.progress).toBeLessThan(1);
        expect(first!.changesInMs ?? 250).toBeGreaterThanOrEqual(250);
        expect((first!.secondsLeft ?? Infinity) >= (second!.secondsLeft ?? 0)).toBe(true);
      }),
    );
  });
});
