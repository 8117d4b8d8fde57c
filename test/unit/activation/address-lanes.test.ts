import type { Caller } from './activator-rig';
import { ActivatorRig, FakeEndpoints } from './activator-rig';
import { serviceNamed } from '../../../src/core/service-name';

const SERVICE = 'kong/consumer';
const HOST = 'shop.example';
const [A, B] = ['10.0.0.1', '10.0.0.2'];

let endpoints: FakeEndpoints;
let rig: ActivatorRig;
beforeEach(() => {
  endpoints = new FakeEndpoints();
  rig = new ActivatorRig({}, 10_000, endpoints);
});

const service = { name: 'consumer', namespace: 'kong', port: '8080' };

/** A request on a route that keeps its Host. */
const enter = (
  origin: Parameters<Caller['identify']>[0] = {},
  arrival: Parameters<ActivatorRig['enter']>[0] = {},
): Caller => rig.enter({ ...arrival, origin: { host: HOST, service, preservesHost: true, ...origin } });

/** A backend that was woken for these, and whose pod is up while Kong knows nothing of it yet. */
const comesUp = async (...addresses: string[]): Promise<void> => {
  endpoints.tell(SERVICE, []);
  await rig.clock.advance(1000);
  for (const address of addresses) rig.addressProber.up.add(address);
  endpoints.tell(
    SERVICE,
    addresses.map((address) => `~${address}`),
  );
  await rig.clock.advance(5);
};

const pinsOf = (callers: readonly Caller[]): unknown[] =>
  callers.map(({ outcome }) => (outcome?.kind === 'released' ? outcome.pin : outcome?.kind));

describe('those who wait', () => {
  test('go to the pod that passed, with their own Host, before any worker has followed', async () => {
    const held = [enter(), enter({ host: 'other.example' }), enter({}, { worker: 12 })];
    await comesUp(A);
    expect(pinsOf(held)).toEqual([
      { address: A, port: 8080, host: HOST },
      { address: A, port: 8080, host: 'other.example' },
      { address: A, port: 8080, host: HOST },
    ]);
    expect(rig.witness.lanes).toEqual(['address', 'address', 'address']);
    expect(rig.activator.isOpen(11)).toBe(false);
    expect(rig.activator.status()).toMatchObject({ held: 0, openAddresses: [`${A}:8080`] });
  });

  test('and once their pod has left, the backend is said to sleep, whatever the machine remembers of its wake-up', async () => {
    const held = enter();
    await rig.clock.advance(1);
    expect(rig.activator.status()).toMatchObject({ held: 1 });
    await comesUp(A);
    expect(pinsOf([held])).toEqual([expect.objectContaining({ address: A })]);
    expect(rig.activator.status()).toMatchObject({ state: 'ready', held: 0 });
    rig.addressProber.up.delete(A);
    endpoints.tell(SERVICE, []);
    await rig.clock.advance(100);
    expect(rig.activator.status()).toMatchObject({ state: 'asleep', held: 0 });
  });

  test('whose pod came and has gone: the next one is a cold start of its own, and no activity', async () => {
    enter();
    await comesUp(A);
    rig.addressProber.up.delete(A);
    endpoints.tell(SERVICE, []);
    await rig.clock.advance(100);
    const before = rig.publisher.published.length;
    enter();
    await rig.clock.advance(10);
    expect(rig.publisher.published.slice(before).map(({ message }) => message.reason)).toEqual(['cold-start']);
  });

  test('are spread over those that passed', async () => {
    const held = Array.from({ length: 4 }, () => enter());
    await comesUp(A);
    rig.addressProber.up.add(B);
    endpoints.tell(SERVICE, [A, B]);
    const more = Array.from({ length: 2 }, () => enter());
    await rig.clock.advance(30);
    const spread = Array.from({ length: 4 }, () => enter());
    await rig.clock.advance(1);
    expect(pinsOf([...held, ...more])).toEqual(Array(6).fill(expect.objectContaining({ address: A })));
    expect(new Set(spread.map(({ outcome }) => outcome?.kind === 'released' && outcome.pin?.address))).toEqual(
      new Set([A, B]),
    );
  });

  test('and those who come are pinned until their worker has followed', async () => {
    enter();
    await comesUp(A);
    const next = enter();
    await rig.clock.advance(1);
    expect(pinsOf([next])).toEqual([expect.objectContaining({ address: A })]);
    rig.prober.up = true;
    // Past the probation of a backend that may have been about to be withdrawn.
    await rig.clock.advance(1000);
    enter();
    await rig.clock.advance(300);
    expect(rig.activator.isOpen(11)).toBe(true);
  });

  test.each([
    ['whose route changes the Host', { preservesHost: false }],
    ['whose Host is not known', { host: undefined }],
    ['whose Service is not known', { service: undefined }],
    ['of another Service', { service: { ...service, name: 'other' } }],
    ['of another port, which the pod does not have', { service: { ...service, port: 'metrics' } }],
  ])('do not go there %s', async (what, origin) => {
    enter();
    const held = enter(origin);
    await comesUp(A);
    if (what.includes('port')) {
      // A pod with one port has only that one to be meant.
      expect(pinsOf([held])).toEqual([expect.objectContaining({ port: 8080 })]);
      return;
    }
    expect(held.outcome).toBeUndefined();
    rig.prober.up = true;
    await rig.clock.advance(300);
    expect(pinsOf([held])).toEqual([undefined]);
  });

  test('go to the Service that the configuration names', async () => {
    rig = new ActivatorRig({ service: serviceNamed('consumer.kong:8080') }, 10_000, endpoints);
    const held = enter({ service: undefined });
    await comesUp(A);
    expect(pinsOf([held])).toEqual([{ address: A, port: 8080, host: HOST }]);
  });

  test('are not sent to a pod that begins to leave, and wake the backend', async () => {
    enter();
    await comesUp(A);
    // Longer than the wake-up lasts: none was sent meanwhile, because the pod was up.
    for (let second = 0; second < 60; second += 1) {
      await rig.clock.advance(1000);
      enter();
    }
    const wakeUps = rig.publisher.of('cold-start').length;
    endpoints.tell(SERVICE, []);
    const held = enter();
    await rig.clock.advance(100);
    expect(held.outcome).toBeUndefined();
    expect(rig.publisher.of('cold-start')).toHaveLength(wakeUps + 1);
  });

  test('that left, or ended, are not waited for', async () => {
    const gone = enter();
    endpoints.tell(SERVICE, []);
    gone.leave();
    rig.addressProber.asked.length = 0;
    endpoints.tell(SERVICE, [A]);
    await rig.clock.advance(1000);
    expect(rig.addressProber.asked).toEqual([]);
  });

  test('whose origin is read late go at once', async () => {
    enter();
    const late = rig.enter({ origin: undefined });
    await comesUp(A);
    late.identify({ host: HOST, service, preservesHost: true });
    await rig.clock.advance(1);
    expect(pinsOf([late])).toEqual([{ address: A, port: 8080, host: HOST }]);
  });

  test('and are gone by then go nowhere', async () => {
    enter();
    const late = rig.enter({ origin: undefined });
    await comesUp(A);
    late.leave();
    late.identify({ host: HOST, service, preservesHost: true });
    expect(rig.activator.status()).toMatchObject({ held: 0 });
  });
});

describe('a pod', () => {
  test('is asked with every Host that waits in turn, or with the one that the configuration names', async () => {
    rig.addressProber.answers.set(A, 'failed');
    enter();
    enter({ host: 'other.example' });
    endpoints.tell(SERVICE, [A]);
    await rig.clock.advance(60);
    expect(new Set(rig.addressProber.asked.map(({ host }) => host))).toEqual(new Set([HOST, 'other.example']));

    rig = new ActivatorRig({ probe: { host: 'health.example' } }, 10_000, endpoints);
    enter();
    endpoints.tell(SERVICE, [A]);
    await rig.clock.advance(1);
    expect(rig.addressProber.asked[0]?.host).toBe('health.example');
  });

  test('is asked again with the Host that passed, when nobody waits any more', async () => {
    enter();
    await comesUp(A);
    rig.addressProber.asked.length = 0;
    await rig.clock.advance(3000);
    enter();
    await rig.clock.advance(1);
    expect(rig.addressProber.asked).toEqual([{ address: A, port: 8080, host: HOST }]);
  });

  test('stays open when it fails a probe with the Host of a stranger, and not with the one that passed', async () => {
    enter();
    await comesUp(A);
    rig.addressProber.up.clear();
    rig.addressProber.answer = ({ host }) => (host === HOST ? 'passed' : 'failed');
    for (let second = 0; second < 12; second += 1) {
      await rig.clock.advance(1000);
      const stranger = enter({ host: 'stranger.example' });
      const held = enter();
      await rig.clock.advance(1);
      expect(pinsOf([held, stranger])).toEqual([
        expect.objectContaining({ address: A, host: HOST }),
        expect.objectContaining({ address: A, host: 'stranger.example' }),
      ]);
    }
    rig.addressProber.answer = () => 'failed';
    await rig.clock.advance(3000);
    enter();
    await rig.clock.advance(5);
    expect(rig.activator.status()).toMatchObject({ openAddresses: [] });
  });

  test('with an IPv6 address is reached as without this lane', async () => {
    enter();
    endpoints.tell(SERVICE, ['fd00::1']);
    await rig.clock.advance(1000);
    expect(rig.addressProber.asked).toEqual([]);
  });

  test('of a backend that is probed by a URL of its own is not asked', async () => {
    rig = new ActivatorRig({ probe: { url: 'http://10.9.9.9/healthz' } }, 10_000, endpoints);
    enter();
    endpoints.tell(SERVICE, [A]);
    await rig.clock.advance(1000);
    expect(rig.addressProber.asked).toEqual([]);
  });
});

describe('the cold start', () => {
  test('is reported with its lane and its phases, and with when the pod was Ready once it is', async () => {
    enter();
    await comesUp(A);
    expect(rig.witness.coldStarts).toEqual([
      expect.objectContaining({ lane: 'address', addressMs: 1000, readyMs: 1001, podReadyMs: undefined, held: 1 }),
    ]);
    await rig.clock.advance(9000);
    endpoints.tell(SERVICE, [A]);
    expect(rig.activator.status()).toMatchObject({ coldStarts: [{ lane: 'address', podReadyMs: 10_005 }] });
  });

  test('ends for probes when the activator is closed', async () => {
    enter();
    endpoints.tell(SERVICE, [A]);
    rig.activator.close();
    const asked = rig.addressProber.asked.length;
    await rig.clock.advance(1000);
    expect(rig.addressProber.asked).toHaveLength(asked);
    expect(rig.addressProber.closed).toBe(true);
  });
});
