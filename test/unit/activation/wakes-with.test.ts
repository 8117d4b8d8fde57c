import { ActivatorRig } from './activator-rig';

const BAR = { pubsub: 'kong-serverless-plugin', topic: 'bar' };
const JOBS = { pubsub: 'other', topic: 'jobs' };
const SECOND = 1000;

const rigWith = (wakesWith = [BAR, JOBS]): ActivatorRig => new ActivatorRig({ wakesWith });
const sentTo = (rig: ActivatorRig, topic: string) =>
  rig.publisher.published.filter(({ target }) => target.topic === topic);

test('what a backend needs is woken with it, by the same message, once', async () => {
  const rig = rigWith();
  rig.enter();
  rig.enter();
  await rig.clock.advance(500);
  for (const { pubsub, topic } of [BAR, JOBS]) {
    expect(sentTo(rig, topic)).toEqual([
      expect.objectContaining({
        target: { pubsub, topic, ttlMs: 30_000 },
        message: expect.objectContaining({ reason: 'cold-start', backend: '/kong', requests: 1, ttl: 30 }),
      }),
    ]);
  }
  expect(rig.publisher.of('cold-start')).toHaveLength(3);
});

test('as often as the backend itself is woken again, and no more once it is up', async () => {
  const rig = rigWith();
  rig.enter();
  await rig.clock.advance(28 * SECOND);
  expect(sentTo(rig, 'bar')).toHaveLength(rig.publisher.of('cold-start').length / 3);
  rig.prober.up = true;
  await rig.clock.advance(SECOND);
  const before = sentTo(rig, 'bar').length;
  for (let request = 0; request < 20; request += 1) {
    rig.activator.passed(1, 11);
    await rig.clock.advance(SECOND);
  }
  expect(sentTo(rig, 'bar')).toHaveLength(before);
});

test('a backend that is up wakes nobody', async () => {
  const rig = rigWith();
  rig.prober.up = true;
  rig.enter();
  await rig.clock.advance(SECOND);
  expect(sentTo(rig, 'bar')).toEqual([]);
});

test('requests wait for the backend alone: it is released although nothing else could be woken', async () => {
  const rig = rigWith();
  rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
  const caller = rig.enter();
  await rig.clock.advance(500);
  rig.prober.up = true;
  await rig.clock.advance(SECOND);
  expect(caller.outcome).toMatchObject({ kind: 'released' });
  expect(rig.witness.publishes).toContain('companion retry');
});
