import { send, sendMany, tally } from '../../real-parts/http';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig } from './cluster-rig';
import { gatewayDisturbances, report, SENT, twoGateways } from './disturbances';

describeWith(['kubernetes'], 'disturbances during a hold, without a broker and without Dapr', () => {
  let rig: ClusterRig;
  beforeAll(async () => {
    rig = await ClusterRig.startDirect(['foo', 'bar']);
  }, 900_000);
  afterAll(
    stopAll(() => [rig]),
    300_000,
  );

  test('foo and bar wake each for itself, and sleep again', async () => {
    for (const name of ['foo', 'bar']) await rig.sleeps(name);
    for (const [name, asleep] of [
      ['foo', 'bar'],
      ['bar', undefined],
    ] as const) {
      const from = performance.now();
      const answer = await send(rig.at(`/${name}`));
      say(`${name}: ${answer.status} after ${(answer.at - from).toFixed(0)} ms`);
      expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toMatchObject({
        status: 200,
        body: { service: name },
      });
      if (asleep !== undefined) expect(await rig.replicas(asleep)).toBe(0);
    }
  }, 600_000);

  gatewayDisturbances(() => rig);

  test('two gateway pods: each sends one cold-start message at most, all are answered', async () => {
    await twoGateways(rig);
    await rig.sleeps('foo');
    const pods = await rig.gatewayPods();
    const sent = (): Promise<number[]> =>
      Promise.all(
        pods.map(async (pod) => {
          const sample = /^serverless_messages_total\{backend="\/foo",reason="cold-start",outcome="accepted"\} (\d+)$/m;
          return Number(sample.exec(await rig.metrics(pod))?.[1] ?? 0);
        }),
      );
    const before = await sent();
    const settled = await sendMany(SENT, rig.at('/foo'));
    report('two gateway pods', settled);
    expect(tally(settled)).toEqual({ 200: SENT });
    const messages = (await sent()).map((count, pod) => count - (before[pod] ?? 0));
    say(`cold-start messages of each gateway: ${messages.join(', ')}`);
    expect(Math.max(...messages)).toBe(1);
  }, 400_000);
});
