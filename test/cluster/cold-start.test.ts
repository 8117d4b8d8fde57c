import { median } from '../load/numbers';
import { type Answer, send } from '../../real-parts/http';
import { writeSection } from '../support/page-section';
import { describeWith, say, stopAll } from '../support/suite';
import { sleep, until } from '../../real-parts/wait';
import { ColdStartWatch, medianPhases, type Phases } from './cold-start';
import { ClusterRig } from './cluster-rig';

/** How many of each kind. Fewer for a quick look: COLD_STARTS=1. */
const STARTS = Number(process.env.COLD_STARTS ?? 10);
/** The KongPlugin's `interval`, ms. */
const PROBE_PERIOD_MS = 100;

describeWith(['kubernetes'], 'a cold start on a real cluster', () => {
  let rig: ClusterRig;
  let watch: ColdStartWatch;
  let broker: Awaited<ReturnType<ClusterRig['broker']>>;
  beforeAll(async () => {
    rig = await ClusterRig.start();
    watch = new ColdStartWatch(rig);
    broker = await rig.broker();
  }, 900_000);
  afterAll(
    stopAll(() => [watch, broker, rig]),
    300_000,
  );

  const ask = (): Promise<Answer> => {
    const headers = { accept: 'text/html,application/xhtml+xml', 'user-agent': 'Mozilla/5.0' };
    return send({ ...rig.at('/kong/'), headers });
  };

  /** Without its messages the backend sleeps after the cooldown alone. */
  const toZero = async (): Promise<void> => {
    await until(
      'it sleeps',
      async () => {
        await broker.rabbit.purge('serverless');
        return (await rig.replicas('consumer')) === 0;
      },
      { timeoutMs: 90_000, everyMs: 1000 },
    );
    await rig.sleeps('consumer');
    // Longer than the lease, so that nothing is known at the next request.
    await sleep(5500);
  };

  /** KEDA and the kubelet poll once a second: both kinds of start begin at the same fractions of a second, evenly spread. */
  const moment = async (start: number): Promise<void> => {
    await sleep((1000 + ((start - 1) / STARTS) * 1000 - (Date.now() % 1000)) % 1000);
  };

  test('takes no more than 0.5 s longer than with the message published and the route polled by hand', async () => {
    const byRequest: Phases[] = [];
    const byHand: Phases[] = [];
    for (let start = 1; start <= STARTS; start += 1) {
      await toZero();
      await moment(start);
      const hand = await watch.measure(async () => {
        await broker.rabbit.publish('serverless', '{"reason":"by hand"}');
        return watch.routable();
      });
      byHand.push(hand.phases);

      await toZero();
      await moment(start);
      const { answer, phases } = await watch.measure(ask);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('This page comes from a backend');
      const [pod = ''] = await rig.gatewayPods();
      const { backends } = await rig.status(pod);
      const coldStart = backends.find(({ target }) => target === '/kong')?.coldStarts.at(-1);
      byRequest.push({ queued: coldStart?.wakeMs ?? NaN, ...phases, released: coldStart?.readyMs ?? NaN });
      expect(phases.answered - phases.routable).toBeLessThan(PROBE_PERIOD_MS + 100);
      say(`cold start ${start}/${STARTS}: ${line(byRequest.at(-1)!)}; by hand: ${line(hand.phases)}`);
    }
    const [request, hand] = [medianPhases(byRequest), medianPhases(byHand)];
    say(`median by request: ${line(request)}\nmedian by hand:    ${line(hand)}`);
    if (process.env.WRITE_DOCS === '1') document(request, hand);
    // What we add is the time since the route was open: half a probe period on average.
    const added = median(byRequest.map(({ answered, routable }) => answered - routable));
    say(
      `added by the plugin: ${added.toFixed(0)} ms; by request minus by hand: ${(request.answered - hand.answered).toFixed(0)} ms`,
    );
    expect(added).toBeLessThanOrEqual(PROBE_PERIOD_MS / 2 + 100);
    expect(request.answered - hand.answered).toBeLessThanOrEqual(500);
  }, 1_800_000);
});

const line = (phases: Phases): string =>
  Object.entries(phases)
    .map(([phase, ms]) => `${phase} ${(Number(ms) / 1000).toFixed(2)}`)
    .join(', ');

/** Writes the figures into docs/cold-start.md, between its markers. */
const document = (request: Phases, hand: Phases): void => {
  const seconds = (ms: number | undefined): string =>
    ms === undefined || Number.isNaN(ms) ? '–' : (ms / 1000).toFixed(2);
  const rows = [
    ['Dapr has taken the wake-up', 'queued'],
    ['KEDA has set replicas = 1', 'scaled'],
    ['the container has started', 'started'],
    ['the pod is Ready', 'ready'],
    ['the gateway can reach it (a route without the plugin, polled every 20 ms)', 'routable'],
    ['a probe has passed, the request is released', 'released'],
    ['the answer is there', 'answered'],
  ] as const;
  const table = [
    '| phase, seconds after the request | by a request | by hand |',
    '| --- | --: | --: |',
    ...rows.map(([name, phase]) => `| ${name} | ${seconds(request[phase])} | ${seconds(hand[phase])} |`),
  ].join('\n');
  writeSection('docs/cold-start.md', 'measured', table);
};
