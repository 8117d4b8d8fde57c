import { send } from '../../real-parts/http';
import { kubectl } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig, imageOf, NAMESPACE } from './cluster-rig';
import { type Column, Columns } from './fast-lane';

const BROKEN: Column = {
  name: 'image-pull',
  title: 'an image that is nowhere',
  image: 'registry.invalid/nowhere:1',
  port: 80,
  health: '/',
  readinessSeconds: 1,
  holdMs: 20_000,
  push: { targetRequests: 100_000, maxReplicas: 1, ttlS: 5, cooldownS: 2 },
};

/** The fourth incident of docs/guides/operating.md. */
describeWith(['kubernetes'], 'an image that cannot be pulled', () => {
  let rig: ClusterRig;
  let columns: Columns;
  beforeAll(async () => {
    rig = await ClusterRig.startDirect();
    columns = await Columns.start(rig, [BROKEN]);
    await kubectl([
      ...['wait', '--for=condition=Ready', `scaledobject/${BROKEN.name}`, '-n', NAMESPACE, '--timeout=90s'],
    ]);
  }, 900_000);
  afterAll(
    stopAll(() => [columns, rig]),
    300_000,
  );

  const view = async (): Promise<object | undefined> => {
    const [pod] = await rig.gatewayPods();
    const { backends } = await rig.status(pod ?? '');
    return backends.find(({ target }) => target === `/${BROKEN.name}`);
  };

  test('the gateway sees a pod that does not answer, rejects at the deadline, and goes on once the image is there', async () => {
    const from = performance.now();
    const asked = send({ ...rig.at(`/${BROKEN.name}/`), timeoutMs: 120_000 });
    const reason = await until(
      'the kubelet gives up the image',
      async () => {
        const text = await kubectl(['get', 'pods', '-n', NAMESPACE, '-l', `app=${BROKEN.name}`, '-o', 'json']);
        return /"reason": "(ErrImagePull|ImagePullBackOff)"/.exec(text)?.[1];
      },
      { timeoutMs: 60_000 },
    );
    say(
      `${reason} after ${((performance.now() - from) / 1000).toFixed(1)} s; meanwhile: ${JSON.stringify(await view())}`,
    );
    const answer = await asked;
    say(`${answer.status} after ${((answer.at - from) / 1000).toFixed(1)} s: ${answer.body}`);
    say(`after it: ${JSON.stringify(await view())}`);
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'SERVERLESS_HOLD_TIMEOUT',
      lastPublish: { outcome: 'accepted' },
    });

    const again = send({ ...rig.at(`/${BROKEN.name}/`), timeoutMs: 120_000 });
    await kubectl(['set', 'image', `deployment/${BROKEN.name}`, `${BROKEN.name}=${imageOf('nginx')}`, '-n', NAMESPACE]);
    const answered = await again;
    say(`with an image that is there: ${answered.status} after ${answered.ms.toFixed(0)} ms`);
    expect(answered.status).toBe(200);
  }, 300_000);
});
