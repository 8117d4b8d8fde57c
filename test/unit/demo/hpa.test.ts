import { Hpa } from '../../../demo/keda/hpa';
import { consumerScaling } from './consumer-scaling';

const SYNC_MS = 15_000;
const hpaWith = (changes: Partial<typeof consumerScaling>): Hpa => new Hpa({ ...consumerScaling, ...changes });

describe('the HPA', () => {
  test.each([
    [25, 1, 3],
    [10, 1, 1],
    [12, 1, 2],
    [1000, 1, 3],
    [0, 1, 1],
    [21, 2, 2],
  ])('%d messages at 10 per replica: from %d to %d replicas', (depth, replicas, wanted) => {
    expect(hpaWith({}).wanted(depth, replicas, 0)).toBe(wanted);
  });

  test('it adds at most four replicas, or as many as there are, in 15 s', () => {
    const hpa = hpaWith({ max: 50 });
    expect(hpa.wanted(500, 1, 0)).toBe(5);
    hpa.changed(1, 5, 0);
    expect(hpa.wanted(500, 5, 5000)).toBe(5);
    expect(hpa.wanted(500, 5, SYNC_MS)).toBe(10);
    hpa.changed(5, 10, SYNC_MS);
    expect(hpa.wanted(500, 10, 2 * SYNC_MS)).toBe(20);
  });

  test('it takes replicas away only when the whole window asked for fewer', () => {
    const hpa = hpaWith({});
    hpa.wanted(30, 3, 0);
    expect(hpa.wanted(0, 3, 299_000)).toBe(3);
    expect(hpa.wanted(0, 3, 300_001)).toBe(1);
  });

  test('a shorter scale-in window takes them away earlier', () => {
    const hpa = hpaWith({ scaleDown: { ...consumerScaling.scaleDown, windowMs: 30_000 } });
    hpa.wanted(30, 3, 0);
    expect(hpa.wanted(0, 3, 2 * SYNC_MS + 1)).toBe(1);
  });

  test('a policy of one pod in 15 s takes them away one by one', () => {
    const policies = [{ type: 'Pods', value: 1, periodMs: SYNC_MS }] as const;
    const hpa = hpaWith({ scaleDown: { windowMs: 0, select: 'Max', policies } });
    expect(hpa.wanted(0, 3, 0)).toBe(2);
    hpa.changed(3, 2, 0);
    expect(hpa.wanted(0, 2, 1000)).toBe(2);
    expect(hpa.wanted(0, 2, SYNC_MS)).toBe(1);
  });

  test('the policy that changes less counts with selectPolicy Min, none with Disabled', () => {
    const policies = [
      { type: 'Pods', value: 1, periodMs: SYNC_MS },
      { type: 'Percent', value: 100, periodMs: SYNC_MS },
    ] as const;
    expect(hpaWith({ max: 9, scaleUp: { windowMs: 0, select: 'Min', policies } }).wanted(90, 3, 0)).toBe(4);
    expect(hpaWith({ max: 9, scaleUp: { windowMs: 0, select: 'Disabled', policies } }).wanted(90, 3, 0)).toBe(3);
    expect(hpaWith({ scaleDown: { windowMs: 0, select: 'Min', policies } }).wanted(0, 3, 0)).toBe(2);
    expect(hpaWith({ scaleDown: { windowMs: 0, select: 'Disabled', policies } }).wanted(0, 3, 0)).toBe(3);
  });

  test('after a sleep at zero it remembers nothing', () => {
    const hpa = hpaWith({});
    hpa.wanted(30, 3, 0);
    hpa.reset();
    expect(hpa.wanted(0, 3, 1000)).toBe(1);
  });
});
