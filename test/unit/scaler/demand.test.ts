import fc from 'fast-check';
import { Demand, type Said, TooManyTopics } from '../../../src/scaler/demand';

const SAID: Said = { gateway: 'one', requests: 1, held: 0, inFlight: 0, ttlMs: 30_000 };
const NOTHING = { active: false, requests: 0, held: 0, inFlight: 0 };

test('a message counts for its time to live, and no longer', () => {
  const demand = new Demand();
  expect(demand.wanted('foo', 0)).toEqual(NOTHING);
  demand.record('foo', { ...SAID, requests: 7, held: 3 }, 1000);
  expect(demand.wanted('foo', 1000)).toEqual({ active: true, requests: 7, held: 3, inFlight: 0 });
  expect(demand.wanted('foo', 30_999)).toMatchObject({ active: true, requests: 7, held: 3 });
  expect(demand.wanted('foo', 31_000)).toMatchObject({ active: false, held: 0 });
  expect(demand.wanted('foo', 32_000)).toEqual(NOTHING);
  expect(demand.wanted('bar', 1000)).toEqual(NOTHING);
});

test('each gateway speaks for itself, and its last word counts', () => {
  const demand = new Demand();
  demand.record('foo', { ...SAID, held: 5 }, 0);
  demand.record('foo', { ...SAID, gateway: 'two', held: 7, inFlight: 2 }, 0);
  expect(demand.wanted('foo', 1)).toMatchObject({ requests: 2, held: 12, inFlight: 2 });
  demand.record('foo', { ...SAID, requests: 0 }, 2);
  expect(demand.wanted('foo', 3)).toMatchObject({ requests: 2, held: 7 });
});

test('a message that says only that something is open keeps the backend up, and is no request', () => {
  const demand = new Demand();
  demand.record('foo', { ...SAID, requests: 0, inFlight: 1 }, 0);
  expect(demand.wanted('foo', 29_999)).toEqual({ active: true, requests: 0, held: 0, inFlight: 1 });
});

test('what has expired is forgotten, and with too many topics a new one is not taken', () => {
  const demand = new Demand();
  for (let n = 0; n < 10_000; n += 1) demand.record(`topic ${n}`, SAID, 0);
  expect(demand.size).toBe(10_000);
  expect(() => {
    demand.record('one more', SAID, 0);
  }).toThrow(TooManyTopics);
  demand.record('topic 1', SAID, 40_000);
  demand.record('one more', SAID, 40_000);
  expect(demand.topics()).toEqual(['topic 1', 'one more']);
});

test('a thousand gateways are enough: the one that was silent for longest is forgotten', () => {
  const demand = new Demand();
  for (let n = 0; n <= 1000; n += 1) demand.record('foo', { ...SAID, gateway: `node ${n}`, held: 1 }, n);
  expect(demand.wanted('foo', 1001).held).toBe(1000);
});

describe('for any messages', () => {
  const messages = fc.array(
    fc.record({
      after: fc.nat(20_000),
      topic: fc.constantFrom('foo', 'bar'),
      said: fc.record({
        gateway: fc.constantFrom('one', 'two', 'three'),
        requests: fc.nat(50),
        held: fc.nat(5),
        inFlight: fc.nat(5),
        ttlMs: fc.constantFrom(1000, 5000, 30_000, 60_000),
      }),
    }),
    { maxLength: 60 },
  );

  test('the sum is that of all that live, and at most of those that lived until a 64th of their time ago', () => {
    fc.assert(
      fc.property(messages, fc.nat(70_000), (sent, later) => {
        const demand = new Demand();
        const all: { readonly at: number; readonly topic: string; readonly said: Said }[] = [];
        let now = 0;
        for (const { after, topic, said } of sent) {
          now += after;
          demand.record(topic, said, now);
          all.push({ at: now, topic, said });
        }
        now += later;
        for (const topic of ['foo', 'bar']) {
          const own = all.filter((one) => one.topic === topic);
          const alive = own.filter(({ at, said }) => now < at + said.ttlMs);
          const sum = (ones: typeof own): number => ones.reduce((total, { said }) => total + said.requests, 0);
          const wanted = demand.wanted(topic, now);
          expect(wanted.active).toBe(alive.length > 0);
          expect(wanted.requests).toBeGreaterThanOrEqual(sum(alive));
          expect(wanted.requests).toBeLessThanOrEqual(
            sum(own.filter(({ at, said }) => now < at + said.ttlMs * (1 + 2 / 64))),
          );
          const last = new Map(own.map((one) => [one.said.gateway, one] as const));
          const speaking = [...last.values()].filter(({ at, said }) => now < at + said.ttlMs);
          expect(wanted.held).toBe(speaking.reduce((total, { said }) => total + said.held, 0));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('what is kept does not grow with traffic', () => {
    const demand = new Demand();
    const sizes: number[] = [];
    for (let now = 0; now < 200_000; now += 7) {
      demand.record('foo', SAID, now);
      if (now % 70_000 === 0) sizes.push(demand.wanted('foo', now).requests);
    }
    // 30 s of a message each 7 ms, and at most a 64th more.
    expect(demand.wanted('foo', 200_000).requests).toBeGreaterThanOrEqual(4285);
    expect(demand.wanted('foo', 200_000).requests).toBeLessThanOrEqual(4285 * (1 + 2 / 64));
    expect(sizes).toHaveLength(3);
  });
});
