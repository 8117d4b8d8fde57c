import { type Answer, send, tally } from '../../real-parts/http';
import { kubectl } from '../../real-parts/kubernetes';
import { sleep, until } from '../../real-parts/wait';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig, NAMESPACE } from './cluster-rig';

const ROUNDS = Number(process.env.SCALE_INS ?? 20);
/** Requests a second. */
const RATE = 20;

describeWith(['kubernetes'], 'a backend that is scaled in under traffic', () => {
  let rig: ClusterRig;
  beforeAll(async () => {
    rig = await ClusterRig.start();
  }, 600_000);
  afterAll(
    stopAll(() => [rig]),
    300_000,
  );

  test(
    `${ROUNDS} times: every request is answered by it, those that come while its last pod leaves wake it`,
    async () => {
      const lost: Answer[] = [];
      let sent = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        expect((await send({ ...rig.at('/kong/'), timeoutMs: 60_000 })).status).toBe(200);
        await until('the gateway knows its pod', async () => {
          const [pod] = await rig.gatewayPods();
          const { backends } = await rig.status(pod ?? '');
          return backends.some(({ target, addresses }) => target === '/kong' && (addresses ?? []).length > 0);
        });
        const asked: Promise<Answer>[] = [];
        const ask = setInterval(() => {
          const failed = (error: unknown): Answer => ({ status: 0, headers: {}, body: String(error), ms: 0, at: 0 });
          asked.push(send({ ...rig.at('/kong/'), timeoutMs: 60_000 }).catch(failed));
        }, 1000 / RATE);
        await sleep(1000);
        await kubectl(['scale', 'deployment/consumer', '-n', NAMESPACE, '--replicas=0']);
        await sleep(5000);
        clearInterval(ask);
        const answers = await Promise.all(asked);
        sent += answers.length;
        lost.push(...answers.filter(({ status }) => status !== 200));
        say(`scale-in ${round + 1}: ${answers.length} requests, ${JSON.stringify(tally(answers))}`);
      }
      say(`${sent} requests over ${ROUNDS} scale-ins, lost: ${JSON.stringify(tally(lost))} ${lost[0]?.body ?? ''}`);
      expect(lost.map(({ status, body }) => `${status} ${body}`)).toEqual([]);
    },
    60_000 + ROUNDS * 60_000,
  );
});
