import { kubectl } from '../../real-parts/kubernetes';
import { sleep, until } from '../../real-parts/wait';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig, isReady, NAMESPACE } from './cluster-rig';
import { COOLDOWN_MS, LongBackends, MESSAGE_TTL_MS } from './long-backends';
import { begin, LONG_CASES, type LongCase, type Outcome, wholeDownload } from './long-requests';

/** Until a backend is at zero after the end of its last request: Kong's idle connections, the looks of plugin and KEDA. */
const ASLEEP_WITHIN_MS = MESSAGE_TTL_MS + COOLDOWN_MS + 20_000;

/** A backend whose replicas are taken away by hand. */
const LEAVING = { name: 'long-leaving', sample: { folder: 'foo', name: 'foo', port: 5000 } };
/** Longer than the preStop hook's 5 s, and with it shorter than the grace period of 30 s. */
const LEAVING_SECONDS = 25;

interface Result extends Outcome {
  readonly from: number;
  readonly end: number;
  /** When its Deployment was at zero; undefined: not in time. */
  readonly asleepAt: number | undefined;
}

describeWith(['kubernetes'], 'long requests on a real cluster', () => {
  let rig: ClusterRig;
  let backends: LongBackends;
  /** All at the same time, since each takes minutes. */
  const running = new Map<string, Promise<PromiseSettledResult<Result>>>();
  const figures: string[][] = [];

  beforeAll(async () => {
    rig = await ClusterRig.start();
    backends = await LongBackends.start(rig, [...LONG_CASES, LEAVING]);
    await sleep(1000); // So that the watches have told of all that was before.
    for (const one of LONG_CASES)
      running.set(
        one.name,
        Promise.allSettled([run(one)]).then(([result]) => result),
      );
  }, 900_000);
  afterAll(
    stopAll(() => [backends, rig]),
    300_000,
  );

  const run = async (one: LongCase): Promise<Result> => {
    const from = performance.now();
    const outcome = await one.ask(rig);
    const end = performance.now();
    say(`${one.title}: ended after ${seconds(end - from)} s`);
    const asleepAt = await until('it sleeps', () => backends.replicasAt(one.name, end, 0), {
      timeoutMs: ASLEEP_WITHIN_MS,
    }).catch(() => undefined);
    return { ...outcome, from, end, asleepAt };
  };

  /** Scales the backend by hand from so many replicas to one less, while the pod that leaves has a download open. */
  const takeOneAway = async (replicas: number): Promise<void> => {
    const { name } = LEAVING;
    await backends.pause(name);
    await backends.scale(name, replicas);
    await until(
      `${replicas} are Ready`,
      async () => (await rig.pods(`app=${name}`)).filter(isReady).length === replicas,
      { timeoutMs: 60_000, everyMs: 250 },
    );
    await sleep(5000); // Longer than the controller takes to tell Kong (I1).
    const from = performance.now();
    const { replica, status, body } = await begin(rig.at(`/${name}/download?seconds=${LEAVING_SECONDS}`));
    expect(status).toBe(200);
    const beganMs = performance.now() - from;
    // The Deployment takes the cheapest pod first.
    await kubectl(['annotate', 'pod', replica, '-n', NAMESPACE, 'controller.kubernetes.io/pod-deletion-cost=-100']);
    await backends.scale(name, replicas - 1);
    const left = await until(
      'its pod leaves',
      async () =>
        (await rig.pods(`app=${name}`)).find(
          ({ metadata }) => metadata.name === replica && metadata.deletionTimestamp !== undefined,
        ) && performance.now(),
      { everyMs: 250 },
    );
    expect(await body).toBe(wholeDownload(LEAVING_SECONDS));
    const end = performance.now();
    await until(
      'its pod is gone',
      async () => (await rig.pods(`app=${name}`)).every(({ metadata }) => metadata.name !== replica),
      { timeoutMs: 60_000, everyMs: 250 },
    );
    say(`${replicas} -> ${replicas - 1}: the download went on for ${seconds(end - left)} s after its pod began to end`);
    const title = `a download of ${LEAVING_SECONDS} s, ${replicas} -> ${replicas - 1} replicas`;
    figures.push([title, seconds(beganMs), seconds(end - from), `gone after ${seconds(performance.now() - end)} s`]);
    expect(end - left).toBeGreaterThan(10_000);
  };

  test('a replica that goes while another stays finishes the download that it has open', async () => {
    await takeOneAway(2);
    expect(await rig.replicas(LEAVING.name)).toBe(1);
  }, 240_000);

  test('the last replica finishes it too', async () => {
    await takeOneAway(1);
    expect(await rig.replicas(LEAVING.name)).toBe(0);
  }, 240_000);

  test.each(LONG_CASES.map((one) => [one.title, one] as const))(
    '%s keeps its backend and is whole, and the backend sleeps soon after',
    async (title, { name, whole }) => {
      const result = await running.get(name);
      if (result?.status !== 'fulfilled') throw result?.reason ?? new Error('it was not asked');
      const { replica, received, from, beganMs, end, asleepAt } = result.value;
      const asleep = asleepAt === undefined ? 'not in time' : `at 0 after ${seconds(asleepAt - end)} s`;
      figures.push([title, seconds(beganMs), seconds(end - from), asleep]);
      expect(received).toBe(whole);
      expect(backends.podsSince(name, from)).toEqual([replica]);
      expect(backends.restartsSince(name, from)).toBe(0);
      expect(asleepAt).toBeDefined();
      // Not before the end, where a pod that ends could still have finished its answer.
      expect(backends.replicasAt(name, from + beganMs, 0)).toBe(asleepAt);
    },
    480_000,
  );

  afterAll(() => {
    const head = ['request', 'answer begins, s', 'ends, s', 'its backend or pod then'];
    for (const row of [head, ...figures])
      say(`| ${row.map((cell, column) => cell.padEnd(column === 0 ? 52 : 18)).join(' | ')} |`);
  });
});

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
