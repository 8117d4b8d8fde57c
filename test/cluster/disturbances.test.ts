import { type Answer, isBalancerRefusal, send, sendMany, tally } from '../../real-parts/http';
import { kubectl } from '../../real-parts/kubernetes';
import { describeWith, say, stopAll } from '../support/suite';
import { until } from '../../real-parts/wait';
import { ingress, ClusterRig, NAMESPACE } from './cluster-rig';

const SENT = 50;

/** Prints the figures of a disturbance; no request may be let through to a backend that is asleep. */
const report = (what: string, answers: readonly Answer[]): void => {
  const through = answers.filter(
    (answer) => isBalancerRefusal(answer) || answer.status === 502 || answer.status === 504,
  );
  say(`disturbance: ${what}: sent ${answers.length}, ${JSON.stringify(tally(answers))}, let through ${through.length}`);
  expect(through).toHaveLength(0);
};

describeWith(['kubernetes'], 'disturbances during a hold on a real cluster', () => {
  let rig: ClusterRig;
  beforeAll(async () => {
    rig = await ClusterRig.start();
  }, 900_000);
  afterAll(
    stopAll(() => [rig]),
    300_000,
  );

  const burst = (path: string): Promise<Answer[]> => sendMany(SENT, rig.at(path));
  const held = (path: string): Promise<true> =>
    until('requests are held', async () => (await rig.held(path)) > 0, { everyMs: 100 });

  test('the ingress controller pushes a new configuration: nobody notices', async () => {
    await rig.sleeps('foo');
    const answers = burst('/foo');
    await held('/foo');
    const items = Array.from({ length: 20 }, (_, n) => ingress(`pushed-${n}`, 'bar', 5000));
    const routes = { apiVersion: 'v1', kind: 'List', items };
    await kubectl(['apply', '-f', '-'], JSON.stringify(routes));
    const settled = await answers;
    await kubectl(['delete', '-f', '-'], JSON.stringify(routes));
    report('20 routes pushed during the hold', settled);
    expect(tally(settled)).toEqual({ 200: SENT });
  }, 400_000);

  test('two gateway pods: each sends one cold-start message at most, all are answered', async () => {
    await kubectl(['scale', 'deployment', rig.gateway, '-n', NAMESPACE, '--replicas=2']);
    await rig.rolledOut(rig.gateway);
    await until('both are Ready', async () => (await rig.gatewayPods()).length === 2, { timeoutMs: 90_000 });
    await rig.sleeps('foo');
    const broker = await rig.broker();
    try {
      await broker.rabbit.declare({ name: 'foo.tap', exchange: 'foo' });
      const settled = await burst('/foo');
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

  test('one of two gateway pods is deleted during the hold: none of its requests is let through', async () => {
    await rig.sleeps('bar');
    const answers = burst('/bar');
    await held('/bar');
    const [pod = ''] = await rig.gatewayPods();
    await kubectl(['delete', 'pod', pod, '-n', NAMESPACE, '--wait=false']);
    const settled = await answers;
    report('a gateway pod deleted during the hold', settled);
    expect(settled.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    await kubectl(['scale', 'deployment', rig.gateway, '-n', NAMESPACE, '--replicas=1']);
    await rig.rolledOut(rig.gateway);
  }, 400_000);

  test('RabbitMQ is deleted: what is held then is answered or refused with a reason, and once it is back all is well', async () => {
    await rig.sleeps('foo');
    await kubectl(['delete', 'pod', '-n', NAMESPACE, '-l', 'app=rabbitmq', '--wait=false', '--grace-period=1']);
    const settled = await burst('/foo');
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
