import { type Answer, send, sendMany, tally } from '../../real-parts/http';
import { describeWith, say, stopAll } from '../support/suite';
import { until } from '../../real-parts/wait';
import { ClusterRig } from './cluster-rig';

describeWith(['kubernetes'], 'scaling on a real cluster', () => {
  let rig: ClusterRig;
  let broker: Awaited<ReturnType<ClusterRig['broker']>>;
  beforeAll(async () => {
    rig = await ClusterRig.start();
    broker = await rig.broker();
  }, 900_000);
  afterAll(
    stopAll(() => [broker, rig]),
    300_000,
  );

  const ask = (path: string): Promise<Answer> => send(rig.at(path));

  test('200 requests at once take the Deployment from 0 to more than one replica, silence takes it back to 0', async () => {
    await rig.sleeps('consumer');
    const settled = await sendMany(200, rig.at('/kong/'));
    expect(tally(settled)).toEqual({ 200: 200 });
    const from = performance.now();
    let most = 0;
    await until(
      'more than one replica',
      async () => {
        most = Math.max(most, await rig.replicas('consumer'));
        return most > 1;
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    say(`200 at once: ${most} replicas ${((performance.now() - from) / 1000).toFixed(1)} s after the answers`);
    expect(most).toBeLessThanOrEqual(3);
    // 30 s for the messages to expire, the HPA's scale-in, 10 s of cooldown.
    await rig.sleeps('consumer');
    say(`asleep ${((performance.now() - from) / 1000).toFixed(1)} s after the answers`);
  }, 600_000);

  test('foo and bar wake each for itself', async () => {
    for (const name of ['foo', 'bar']) await rig.sleeps(name);
    const foo = await ask('/foo');
    expect({ status: foo.status, body: JSON.parse(foo.body) as unknown }).toMatchObject({
      status: 200,
      body: { service: 'foo' },
    });
    expect(await rig.replicas('bar')).toBe(0);
    const bar = await ask('/bar/x');
    expect({ status: bar.status, body: JSON.parse(bar.body) as unknown }).toMatchObject({
      status: 200,
      body: { service: 'bar' },
    });
  }, 600_000);

  test('the worker goes from 0 to many with its jobs, does them all, and sleeps again', async () => {
    const jobs = 150;
    await rig.sleeps('worker');
    const cloudEvent = { specversion: '1.0', type: 'job', source: 'test', datacontenttype: 'application/json' };
    for (let job = 1; job <= jobs; job += 1) {
      await broker.rabbit.publish('jobs', JSON.stringify({ ...cloudEvent, id: String(job), data: { job } }));
    }
    const from = performance.now();
    let most = 0;
    await until(
      'all jobs are done',
      async () => {
        most = Math.max(most, await rig.replicas('worker'));
        return (await broker.rabbit.unsettled('worker-jobs')) === 0;
      },
      { timeoutMs: 240_000, everyMs: 500 },
    );
    say(`${jobs} jobs: at most ${most} replicas, done after ${((performance.now() - from) / 1000).toFixed(1)} s`);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(10);
    // Each replica may still work on a job for 45 s, and the cooldown is 60 s.
    await rig.sleeps('worker', 400_000);
    say(`the worker sleeps ${((performance.now() - from) / 1000).toFixed(1)} s after its first job`);
  }, 900_000);
});
