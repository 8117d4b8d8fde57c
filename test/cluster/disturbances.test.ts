import { send, sendMany, tally } from '../../real-parts/http';
import { kubectl } from '../../real-parts/kubernetes';
import { describeWith, stopAll } from '../support/suite';
import { ClusterRig, NAMESPACE } from './cluster-rig';
import { gatewayDisturbances, report, SENT, twoGateways } from './disturbances';

describeWith(['kubernetes'], 'disturbances during a hold on a real cluster', () => {
  let rig: ClusterRig;
  beforeAll(async () => {
    rig = await ClusterRig.start();
  }, 900_000);
  afterAll(
    stopAll(() => [rig]),
    300_000,
  );

  gatewayDisturbances(() => rig);

  test('two gateway pods: each sends one cold-start message at most, all are answered', async () => {
    await twoGateways(rig);
    await rig.sleeps('foo');
    const broker = await rig.broker();
    try {
      await broker.rabbit.declare({ name: 'foo.tap', exchange: 'foo' });
      const settled = await sendMany(SENT, rig.at('/foo'));
      report('two gateway pods', settled);
      expect(tally(settled)).toEqual({ 200: SENT });
      const messages = (await broker.rabbit.take('foo.tap')).map(
        ({ payload }) => (JSON.parse(payload) as { data: { reason: string; gateway: string } }).data,
      );
      const gateways = messages.filter(({ reason }) => reason === 'cold-start').map(({ gateway }) => gateway);
      expect(gateways.length).toBeGreaterThan(0);
      expect(new Set(gateways).size).toBe(gateways.length);
      await broker.rabbit.removeQueue('foo.tap');
    } finally {
      await broker.stop();
    }
  }, 400_000);

  test('RabbitMQ is deleted: what is held then is answered or refused with a reason, and once it is back all is well', async () => {
    await rig.sleeps('foo');
    await kubectl(['delete', 'pod', '-n', NAMESPACE, '-l', 'app=rabbitmq', '--wait=false', '--grace-period=1']);
    const settled = await sendMany(SENT, rig.at('/foo'));
    report('RabbitMQ deleted just before the requests', settled);
    for (const answer of settled.filter(({ status }) => status !== 200)) {
      expect(answer.status).toBe(503);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
    await rig.rolledOut('rabbitmq');
    const later = await send(rig.at('/bar'));
    report('after RabbitMQ is back', [later]);
    expect(later.status).toBe(200);
  }, 400_000);
});
