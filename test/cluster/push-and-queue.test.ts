import { type Answer, send, tally } from '../../real-parts/http';
import { kubectl, Watch } from '../../real-parts/kubernetes';
import { sleep, until } from '../../real-parts/wait';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig, NAMESPACE } from './cluster-rig';

const STARTS = 5;

describeWith(['kubernetes'], 'KEDA is told by a push through Dapr and RabbitMQ, and reads the queue, too', () => {
  let rig: ClusterRig;
  let replicas: Watch;
  const lines: string[] = [];

  beforeAll(async () => {
    rig = await ClusterRig.startWithScaler();
    replicas = Watch.start(['deployment', 'consumer', '-n', NAMESPACE], ['.spec.replicas']);
  }, 900_000);
  afterAll(
    stopAll(() => [
      {
        stop: () => {
          replicas.stop();
          return Promise.resolve();
        },
      },
      rig,
    ]),
    300_000,
  );
  afterAll(() => {
    for (const line of lines) say(line);
  });

  const ask = (): Promise<Answer> => send({ ...rig.at('/kong/'), timeoutMs: 120_000 });
  const asleep = async (): Promise<void> => {
    await rig.sleeps('consumer');
    await rig.loses('/by-hand/kong/', 10_000);
    await sleep(1000);
  };
  /** A cold start, and how long KEDA took to scale, ms. */
  const start = async (title: string): Promise<{ readonly scaled: number; readonly status: number }> => {
    await asleep();
    const from = performance.now();
    const answer = await ask();
    const change = await until('it was scaled', () => replicas.first(from, ([now]) => now === '1'));
    const [scaled, answered] = [change.at - from, answer.at - from];
    lines.push(`${title}: replicas: 1 after ${scaled.toFixed(0)} ms, ${answer.status} after ${answered.toFixed(0)} ms`);
    return { scaled, status: answer.status };
  };
  const scalers = async (count: number): Promise<void> => {
    await kubectl(['scale', 'statefulset/serverless-scaler', '-n', NAMESPACE, `--replicas=${count}`]);
    await until('as many run', async () => (await rig.pods('app=serverless-scaler')).length === count, {
      timeoutMs: 120_000,
    });
    await kubectl(['rollout', 'status', 'statefulset/serverless-scaler', '-n', NAMESPACE, '--timeout=180s']);
  };

  test('a cold start is pushed, and does not wait for the poll of the queue', async () => {
    const scaled: number[] = [];
    for (let n = 1; n <= STARTS; n += 1) {
      const one = await start(`push ${n}`);
      expect(one.status).toBe(200);
      scaled.push(one.scaled);
    }
    scaled.sort((a, b) => a - b);
    // The queue's poll alone takes 0.3 s (median).
    expect(scaled[Math.floor(STARTS / 2)]).toBeLessThan(200);
  }, 900_000);

  test('no scaler runs: the queue wakes it', async () => {
    await asleep();
    await scalers(0);
    expect(await start('no scaler runs')).toMatchObject({ status: 200 });
    await scalers(2);
  }, 600_000);

  test('the scalers are killed as soon as a request is held: it is answered', async () => {
    await asleep();
    const from = performance.now();
    const asked = ask();
    await until('it is held', async () => (await rig.held('/kong')) === 1, { everyMs: 20 });
    await kubectl(['delete', 'pod', '-n', NAMESPACE, '-l', 'app=serverless-scaler', '--force', '--grace-period=0']);
    const answer = await asked;
    lines.push(`scalers killed during the hold: ${answer.status} after ${(answer.at - from).toFixed(0)} ms`);
    expect(answer.status).toBe(200);
    await scalers(2);
  }, 600_000);

  test('the broker is restarted under traffic: nothing is lost, and push wakes it again afterwards', async () => {
    await asleep();
    const answers: Answer[] = [];
    const from = performance.now();
    await kubectl(['delete', 'pod', '-n', NAMESPACE, '-l', 'app=rabbitmq', '--wait=false', '--grace-period=1']);
    while (performance.now() - from < 60_000) {
      answers.push(await ask());
      await sleep(200);
    }
    lines.push(`broker restarted: ${JSON.stringify(tally(answers))}`);
    const { 200: answered = 0, 503: rejected = 0 } = tally(answers);
    // What was held when nothing could be published may be rejected with a reason; nothing else happens to a request.
    expect(answered + rejected).toBe(answers.length);
    expect(answered).toBeGreaterThan(answers.length / 2);
    await rig.rolledOut('rabbitmq');
    expect(await start('after the broker was restarted')).toMatchObject({ status: 200 });
  }, 600_000);
});
