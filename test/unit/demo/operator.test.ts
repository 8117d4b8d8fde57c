import { pollDecision } from '../../../demo/keda/operator';
import { consumerScaling } from './consumer-scaling';

const never = { lastActiveAt: undefined };

describe("one poll of KEDA's operator", () => {
  test('one message wakes a Deployment at zero, to one replica however long the queue is', () => {
    expect(pollDecision(consumerScaling, { activity: never, depth: 1, replicas: 0, now: 5 })).toEqual({
      wanted: 1,
      activity: { lastActiveAt: 5 },
    });
    expect(pollDecision(consumerScaling, { activity: never, depth: 500, replicas: 0, now: 5 }).wanted).toBe(1);
  });

  test('the activation value itself is not enough', () => {
    const scaling = { ...consumerScaling, activation: 5 };
    expect(pollDecision(scaling, { activity: never, depth: 5, replicas: 0, now: 5 }).wanted).toBe(0);
    expect(pollDecision(scaling, { activity: never, depth: 6, replicas: 0, now: 5 }).wanted).toBe(1);
  });

  test('an active Deployment that is up keeps its replicas: more is the matter of the HPA', () => {
    expect(pollDecision(consumerScaling, { activity: never, depth: 100, replicas: 2, now: 5 }).wanted).toBe(2);
  });

  test('an empty queue scales to zero only when the cooldown is over', () => {
    const activity = { lastActiveAt: 1000 };
    expect(pollDecision(consumerScaling, { activity, depth: 0, replicas: 3, now: 11_000 }).wanted).toBe(3);
    expect(pollDecision(consumerScaling, { activity, depth: 0, replicas: 3, now: 11_001 }).wanted).toBe(0);
  });

  test('a Deployment that KEDA never saw active goes to zero at once', () => {
    expect(pollDecision(consumerScaling, { activity: never, depth: 0, replicas: 2, now: 5 }).wanted).toBe(0);
  });

  test('with a minimum it is neither below it nor at zero', () => {
    const scaling = { ...consumerScaling, min: 2 };
    expect(pollDecision(scaling, { activity: never, depth: 0, replicas: 0, now: 5 }).wanted).toBe(2);
    expect(pollDecision(scaling, { activity: never, depth: 1, replicas: 0, now: 5 }).wanted).toBe(2);
    expect(pollDecision(scaling, { activity: never, depth: 0, replicas: 3, now: 5 }).wanted).toBe(3);
  });
});
