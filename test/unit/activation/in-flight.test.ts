import { ActivatorRig, FakeEndpoints } from './activator-rig';

const SERVICE = 'kong/consumer';
const POD = '10.0.0.1:8080';
const TTL_MS = 30_000;
const service = { name: 'consumer', namespace: 'kong', port: '8080' };

let endpoints: FakeEndpoints;
let rig: ActivatorRig;
beforeEach(async () => {
  endpoints = new FakeEndpoints();
  rig = new ActivatorRig({}, 10_000, endpoints);
  rig.prober.up = true;
  rig.enter({ origin: { service } });
  endpoints.tell(SERVICE, ['10.0.0.1']);
  await rig.clock.advance(150);
  rig.activator.passed(1, 11);
  await rig.clock.advance(10);
  rig.publisher.published.length = 0;
});

const inFlight = (): (number | undefined)[] => rig.publisher.published.map(({ message }) => message.inFlight);

test('a backend with an open connection is kept up, by a message every half of its life that says how many are open', async () => {
  rig.openTo.set(POD, 2);
  await rig.clock.advance(2.1 * TTL_MS);
  expect(inFlight()).toEqual([2, 2, 2, 2]);
  expect(rig.publisher.published[0]?.message).toMatchObject({ reason: 'activity', requests: 0 });
  rig.openTo.delete(POD);
  await rig.clock.advance(5 * TTL_MS);
  expect(inFlight()).toHaveLength(4);
});

test('one without is not, and owns no timer', async () => {
  await rig.clock.advance(TTL_MS);
  expect(inFlight()).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});

test('under traffic nothing is looked at: its own messages say enough', async () => {
  rig.openTo.set(POD, 1);
  for (let second = 0; second < 60; second += 1) {
    rig.activator.passed(1, 11);
    await rig.clock.advance(1000);
  }
  expect(rig.publisher.published.length).toBeGreaterThan(30);
  expect(inFlight().every((open) => open === undefined)).toBe(true);
});

test('a message that could not be sent is followed by another look', async () => {
  rig.openTo.set(POD, 1);
  rig.publisher.report = { outcome: 'retry', status: 500 };
  await rig.clock.advance(0.6 * TTL_MS);
  rig.publisher.report = { outcome: 'accepted', status: 204 };
  await rig.clock.advance(0.5 * TTL_MS);
  expect(inFlight()).toEqual([1, 1]);
});

test.each([
  ['whose pods are not known', undefined],
  ['without pods', []],
  ['with another pod', ['10.0.0.9']],
])('a backend %s is not', async (_, addresses) => {
  rig.openTo.set(POD, 1);
  endpoints.tell(SERVICE, addresses);
  await rig.clock.advance(2 * TTL_MS);
  expect(inFlight()).toEqual([]);
});

test('nor is one that is forgotten', async () => {
  rig.openTo.set(POD, 1);
  rig.activator.close();
  await rig.clock.advance(2 * TTL_MS);
  expect(inFlight()).toEqual([]);
});

test('a backend with an open connection is not forgotten, however long nothing else comes', async () => {
  const TEN_MINUTES_MS = 600_000;
  rig.openTo.set(POD, 1);
  await rig.clock.advance(2 * TEN_MINUTES_MS);
  expect(rig.activator.isUnused({ idleMs: TEN_MINUTES_MS, asleepMs: TEN_MINUTES_MS })).toBe(false);
  rig.openTo.delete(POD);
  await rig.clock.advance(TTL_MS);
  expect(rig.activator.isUnused({ idleMs: TEN_MINUTES_MS, asleepMs: TEN_MINUTES_MS })).toBe(true);
});
