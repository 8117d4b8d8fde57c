import { type Answer, isBalancerRefusal, send, sendMany, tally } from '../../real-parts/http';
import { kubectl } from '../../real-parts/kubernetes';
import { describeWith, say } from '../support/suite';
import { until } from '../../real-parts/wait';
import { ingress, Installation, NAMESPACE } from './installation';

const SENT = 50;

/** Figures of one disturbance; what was let through to a backend that was not there is wrong in each. */
const report = (what: string, answers: readonly Answer[]): void => {
  const through = answers.filter(
    (answer) => isBalancerRefusal(answer) || answer.status === 502 || answer.status === 504,
  );
  say(`disturbance: ${what}: sent ${answers.length}, ${JSON.stringify(tally(answers))}, let through ${through.length}`);
  expect(through).toHaveLength(0);
};

describeWith(['kubernetes'], 'disturbances during a hold on a real cluster', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.install();
  }, 900_000);
  afterAll(() => installation.uninstall(), 300_000);

  const burst = (path: string): Promise<Answer[]> => sendMany(SENT, installation.at(path));
  const held = (path: string): Promise<true> =>
    until('requests are held', async () => (await installation.held(path)) > 0, { everyMs: 100 });

  test('the ingress controller pushes a new configuration: nobody notices', async () => {
    await installation.sleeps('foo');
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
    await kubectl(['scale', 'deployment', installation.gateway, '-n', NAMESPACE, '--replicas=2']);
    await installation.rolledOut(installation.gateway);
    await until('both are Ready', async () => (await installation.gatewayPods()).length === 2, { timeoutMs: 90_000 });
    await installation.sleeps('foo');
    const broker = await installation.broker();
    try {
      await broker.rabbit.declare({ name: 'foo.tap', exchange: 'foo' });
      const settled = await burst('/foo');
      report('two gateway pods', settled);
      expect(tally(settled)).toEqual({ 200: SENT });
      const events = (await broker.rabbit.take('foo.tap')).map(
        ({ payload }) => (JSON.parse(payload) as { data: { reason: string; gateway: string } }).data,
      );
      const gateways = events.filter(({ reason }) => reason === 'cold-start').map(({ gateway }) => gateway);
      expect(gateways.length).toBeGreaterThan(0);
      expect(new Set(gateways).size).toBe(gateways.length);
      await broker.rabbit.removeQueue('foo.tap');
    } finally {
      await broker.stop();
    }
  }, 400_000);

  test('one of two gateway pods is deleted during the hold: none of its requests is let through', async () => {
    await installation.sleeps('bar');
    const answers = burst('/bar');
    await held('/bar');
    const [pod = ''] = await installation.gatewayPods();
    await kubectl(['delete', 'pod', pod, '-n', NAMESPACE, '--wait=false']);
    const settled = await answers;
    report('a gateway pod deleted during the hold', settled);
    expect(settled.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    await kubectl(['scale', 'deployment', installation.gateway, '-n', NAMESPACE, '--replicas=1']);
    await installation.rolledOut(installation.gateway);
  }, 400_000);

  test('RabbitMQ is deleted: what is held then is answered or refused with a reason, and once it is back all is well', async () => {
    await installation.sleeps('foo');
    await kubectl(['delete', 'pod', '-n', NAMESPACE, '-l', 'app=rabbitmq', '--wait=false', '--grace-period=1']);
    const settled = await burst('/foo');
    report('RabbitMQ deleted just before the requests', settled);
    for (const answer of settled.filter(({ status }) => status !== 200)) {
      expect(answer.status).toBe(503);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
    await installation.rolledOut('rabbitmq');
    const later = await send(installation.at('/bar'));
    report('after RabbitMQ is back', [later]);
    expect(later.status).toBe(200);
  }, 400_000);
});
