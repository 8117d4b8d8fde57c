import type { Caller } from './activator-rig';
import { ActivatorRig, FakeEndpoints } from './activator-rig';

const SERVICE = 'kong/consumer';
const SECOND = 1000;

let endpoints: FakeEndpoints;
let rig: ActivatorRig;
beforeEach(() => {
  endpoints = new FakeEndpoints();
  rig = new ActivatorRig({}, 10_000, endpoints);
});

/** A request that tells its Service when it is asked. */
const enter = (name = 'consumer', arrival: Parameters<ActivatorRig['enter']>[0] = {}): Caller =>
  rig.enter({ ...arrival, origin: { service: { name, namespace: 'kong', port: '8080' } } });

/** A backend whose Service is followed, and that is up. */
const warm = async (): Promise<void> => {
  rig.prober.up = true;
  enter();
  endpoints.tell(SERVICE, ['10.0.0.1']);
  await rig.clock.advance(150);
  rig.publisher.published.length = 0;
  rig.prober.rounds.length = 0;
};

describe('a backend whose Service is known', () => {
  test('has its pods followed from the first request that waits', () => {
    enter();
    expect(endpoints.followed).toEqual([SERVICE]);
    endpoints.tell(SERVICE, ['10.0.0.1']);
    expect(rig.activator.status()).toMatchObject({ addresses: ['10.0.0.1'] });
  });

  test('is woken without a probe where no pod runs or starts', async () => {
    await warm();
    await rig.clock.advance(60 * SECOND);
    endpoints.tell(SERVICE, []);
    rig.prober.silent = true;
    enter();
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
  });

  test('reports such a cold start as any other', async () => {
    await warm();
    await rig.clock.advance(60 * SECOND);
    endpoints.tell(SERVICE, []);
    rig.prober.up = false;
    const before = rig.witness.coldStarts.length;
    enter();
    await rig.clock.advance(SECOND);
    endpoints.tell(SERVICE, ['10.0.0.2']);
    rig.prober.up = true;
    await rig.clock.advance(300);
    expect(rig.witness.coldStarts.slice(before)).toEqual([
      expect.objectContaining({ held: 1, messages: 1, reason: 'no-pod', host: 'client' }),
    ]);
  });

  test('has the time counted that it had no pod, and is not forgotten meanwhile', async () => {
    await warm();
    expect(rig.activator.status()).toMatchObject({ asleepSeconds: 0 });
    endpoints.tell(SERVICE, []);
    await rig.clock.advance(90_000 * SECOND);
    expect(rig.activator.status()).toMatchObject({ state: 'asleep', asleepSeconds: 90_000 });
    const unused = { idleMs: 600 * SECOND, asleepMs: 100_000 * SECOND };
    expect(rig.activator.isUnused(unused)).toBe(false);
    endpoints.tell(SERVICE, ['10.0.0.1']);
    await rig.clock.advance(50 * SECOND);
    expect(rig.activator.status()).toMatchObject({ asleepSeconds: 90_000 });
    expect(rig.activator.isUnused(unused)).toBe(true);
  });

  test('closes the moment that its last pod begins to leave, and the next request wakes it', async () => {
    await warm();
    expect(rig.activator.isOpen(11)).toBe(true);
    endpoints.tell(SERVICE, []);
    expect(rig.activator.isOpen(11)).toBe(false);
    expect(rig.publisher.published).toEqual([]);
    enter();
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
  });

  test('releases nobody to a pod that leaves, though it passes probes; and all to the one that comes', async () => {
    await warm();
    endpoints.tell(SERVICE, []);
    const held = enter();
    await rig.clock.advance(5 * SECOND);
    expect(rig.prober.rounds.length).toBeGreaterThan(10);
    expect(held.outcome).toBeUndefined();
    endpoints.tell(SERVICE, ['10.0.0.2']);
    await rig.clock.advance(300);
    expect(held.outcome).toMatchObject({ kind: 'released' });
  });

  test('is open by its probes again after 10 s, should the watch have missed a pod', async () => {
    await warm();
    endpoints.tell(SERVICE, []);
    const held = enter();
    await rig.clock.advance(9.9 * SECOND);
    expect(held.outcome).toBeUndefined();
    await rig.clock.advance(SECOND);
    expect(held.outcome).toMatchObject({ kind: 'released' });
  });

  test('is probed as ever while nothing is known of its pods', async () => {
    await warm();
    endpoints.tell(SERVICE, []);
    endpoints.tell(SERVICE, undefined);
    expect(rig.activator.status()).toMatchObject({ addresses: undefined });
    const held = enter();
    expect(rig.publisher.published).toEqual([]);
    await rig.clock.advance(100);
    expect(held.outcome).toMatchObject({ kind: 'released' });
  });

  test('answers at once a request that must not wake it', async () => {
    await warm();
    endpoints.tell(SERVICE, []);
    const other = enter('consumer', { wakes: false });
    await rig.clock.advance(1);
    expect(other.outcome).toMatchObject({ kind: 'rejected', error: { code: 'SERVERLESS_NO_WAKE' } });
    expect(rig.publisher.published).toEqual([]);
  });

  test('that has a second one with pods does not sleep', async () => {
    await warm();
    endpoints.tell(SERVICE, []);
    enter('other');
    expect(endpoints.followed).toEqual([SERVICE, 'kong/other']);
    endpoints.tell('kong/other', ['10.0.1.1']);
    rig.publisher.published.length = 0;
    const held = enter('other');
    await rig.clock.advance(300);
    expect(held.outcome).toMatchObject({ kind: 'released' });
    endpoints.tell('kong/other', []);
    expect(rig.activator.isOpen(11)).toBe(false);
  });

  test('is followed no more once the backend is forgotten', () => {
    enter();
    rig.activator.close();
    expect(endpoints.followed).toEqual([]);
  });
});

test('without Kubernetes no request is asked for its Service', () => {
  const entry = new ActivatorRig().activator.enter({ worker: 11, wakes: true, backend: rig.backend });
  expect(entry).toMatchObject({ kind: 'held', wants: { route: false } });
});
