/* eslint-disable jest/no-export -- the same tests run with a broker and without one. */
import { type Answer, isBalancerRefusal, sendMany, tally } from '../../real-parts/http';
import { kubectl } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { say } from '../support/suite';
import { type ClusterRig, ingress, NAMESPACE } from './cluster-rig';

/** How many requests meet a disturbance. */
export const SENT = 50;

/** Prints the figures of a disturbance; no request may be let through to a backend that is asleep. */
export const report = (what: string, answers: readonly Answer[]): void => {
  const through = answers.filter(
    (answer) => isBalancerRefusal(answer) || answer.status === 502 || answer.status === 504,
  );
  say(`disturbance: ${what}: sent ${answers.length}, ${JSON.stringify(tally(answers))}, let through ${through.length}`);
  expect(through).toHaveLength(0);
};

/** What befalls a gateway during a hold, whatever way its messages take to KEDA. Of the backends foo and bar. */
export const gatewayDisturbances = (rig: () => ClusterRig): void => {
  const burst = (path: string): Promise<Answer[]> => sendMany(SENT, rig().at(path));
  const held = (path: string): Promise<true> =>
    until('requests are held', async () => (await rig().held(path)) > 0, { everyMs: 100 });

  test('the ingress controller pushes a new configuration: nobody notices', async () => {
    await rig().sleeps('foo');
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

  test('one of two gateway pods is deleted during the hold: none of its requests is let through', async () => {
    await twoGateways(rig());
    await rig().sleeps('bar');
    const answers = burst('/bar');
    await held('/bar');
    const [pod = ''] = await rig().gatewayPods();
    await kubectl(['delete', 'pod', pod, '-n', NAMESPACE, '--wait=false']);
    const settled = await answers;
    report('a gateway pod deleted during the hold', settled);
    expect(settled.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    await kubectl(['scale', 'deployment', rig().gateway, '-n', NAMESPACE, '--replicas=1']);
    await rig().rolledOut(rig().gateway);
  }, 400_000);
};

export const twoGateways = async (rig: ClusterRig): Promise<void> => {
  await kubectl(['scale', 'deployment', rig.gateway, '-n', NAMESPACE, '--replicas=2']);
  await rig.rolledOut(rig.gateway);
  await until('both are Ready', async () => (await rig.gatewayPods()).length === 2, { timeoutMs: 90_000 });
};
