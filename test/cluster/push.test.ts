import { kubectl, Watch } from '../../real-parts/kubernetes';
import { type Answer, send, tally } from '../../real-parts/http';
import { sleep, until } from '../../real-parts/wait';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig, imageOf, NAMESPACE } from './cluster-rig';
import { type Column, Columns, type Push, pushed } from './fast-lane';
import { KubeletTicks } from './kubelet-ticks';

const STARTS = Number(process.env.COLD_STARTS ?? 20);
/** So short that nobody need wait long for a backend to sleep. */
const ONE: Push = { targetRequests: 100_000, maxReplicas: 1, ttlS: 5, cooldownS: 2 };
/** As in our manifests, but for the number of requests. */
const SEVERAL: Push = { targetRequests: 2400, maxReplicas: 5, ttlS: 30, cooldownS: 10 };
const OTHERS = 50;
const NGINX = { image: imageOf('nginx'), port: 80, health: '/', readinessSeconds: 1 };
const FAST: Column = { ...NGINX, name: 'push-fast', title: 'nginx', push: ONE };
/** The same without KEDA, to be started by hand. */
const HAND: Column = { ...NGINX, name: 'push-hand', title: 'nginx by hand' };
const MANY: Column = {
  ...NGINX,
  name: 'push-many',
  title: 'nginx, several',
  push: SEVERAL,
};
const SCALER = 'app=serverless-scaler';

/** Deployments that never run, each with a ScaledObject of its own. */
const others = (): object[] =>
  Array.from({ length: OTHERS }, (_, n) => `push-other-${n}`).flatMap((name) => [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: NAMESPACE, labels: { 'push-other': 'true' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: NGINX.image }] } },
      },
    },
    pushed(name, ONE),
  ]);
const list = (items: object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

describeWith(['kubernetes'], 'KEDA is told by a push, without a broker and without Dapr', () => {
  let rig: ClusterRig;
  let columns: Columns;
  const replicas = new Map<string, Watch>();
  const lines: string[] = [];

  beforeAll(async () => {
    rig = await ClusterRig.startDirect();
    columns = await Columns.start(rig, [FAST, HAND, MANY]);
    for (const { name } of [FAST, HAND, MANY])
      replicas.set(name, Watch.start(['deployment', name, '-n', NAMESPACE], ['.spec.replicas']));
    for (const { name } of [FAST, MANY])
      await kubectl(['wait', '--for=condition=Ready', `scaledobject/${name}`, '-n', NAMESPACE, '--timeout=90s']);
  }, 900_000);
  afterAll(
    stopAll(() => [
      ...[...replicas.values()].map((watch) => ({
        stop: () => {
          watch.stop();
          return Promise.resolve();
        },
      })),
      columns,
      rig,
    ]),
    300_000,
  );
  afterAll(() => {
    for (const line of lines) say(line);
  });

  const ask = (name: string): Promise<Answer> => send({ ...rig.at(`/${name}/`), timeoutMs: 120_000 });
  const asleep = async ({ name }: Column): Promise<void> => {
    await rig.sleeps(name);
    await rig.loses(`/${name}-by-hand/`);
    await sleep(1000);
  };
  const scaledAt = async (name: string, from: number, to = '1'): Promise<number> => {
    const change = await until(
      `${name} has ${to} replicas`,
      () => replicas.get(name)?.first(from, ([now]) => now === to),
      {
        timeoutMs: 120_000,
      },
    );
    return change.at;
  };
  const report = (title: string, ms: readonly number[]): { median: number; p95: number } => {
    const sorted = [...ms].sort((a, b) => a - b);
    // The nearest rank.
    const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? NaN;
    const middle =
      ((sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN) + (sorted[Math.floor(sorted.length / 2)] ?? NaN)) / 2;
    const all = sorted.map((one) => one.toFixed(0)).join(' ');
    lines.push(`${title}: median ${middle.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (${all})`);
    return { median: middle, p95 };
  };
  const ticks = new KubeletTicks();
  /** How long it takes until replicas is 1: of a request, and of `kubectl scale`, ms. */
  const LEAD_MS = { request: 23, kubectl: 140 };
  /** A cold start: until KEDA has scaled, until the plugin had the pod's address and its answer, and until our own answer, ms. */
  const start = async (n = 0): Promise<{ scaled: number; answered: number; address: number; ready: number }> => {
    await asleep(FAST);
    await ticks.moment((n + 0.5) / STARTS, LEAD_MS.request);
    const from = performance.now();
    const answer = await ask(FAST.name);
    expect(answer.status).toBe(200);
    const [gateway] = await rig.gatewayPods();
    const { backends } = await rig.status(gateway ?? '');
    const cold = backends.find(({ target }) => target === `/${FAST.name}`)?.coldStarts.at(-1);
    if (cold?.addressMs !== undefined) ticks.told(from + cold.addressMs);
    return {
      scaled: (await scaledAt(FAST.name, from)) - from,
      answered: answer.at - from,
      address: cold?.addressMs ?? NaN,
      ready: cold?.readyMs ?? NaN,
    };
  };

  test('a cold start: KEDA scales at once, and the answer comes as soon as after a start by hand', async () => {
    const [scaled, answered, byHand]: [number[], number[], number[]] = [[], [], []];
    // The first tells when the kubelet ticks.
    await start();
    const [address, ready, handAddress]: [number[], number[], number[]] = [[], [], []];
    for (let n = 0; n < STARTS; n += 1) {
      const one = await start(n);
      scaled.push(one.scaled);
      answered.push(one.answered);
      address.push(one.address);
      ready.push(one.ready);
      await columns.sleeps(HAND);
      await ticks.moment((n + 0.5) / STARTS, LEAD_MS.kubectl);
      const from = performance.now();
      const moments = await columns.byHand(HAND);
      ticks.told(from + moments.address);
      // From the PATCH itself, not from the start of kubectl.
      const patched = (await scaledAt(HAND.name, from)) - from;
      byHand.push(moments.podAnswers - patched);
      handAddress.push(moments.address - patched);
    }
    const kedas = report('request -> replicas: 1', scaled);
    const byRequest = report('request -> answered', answered);
    report('request -> address of the pod', address);
    report('request -> the pod passes', ready);
    report('by hand, PATCH -> address of the pod', handAddress);
    const hand = report('by hand, PATCH -> first 200 of the pod', byHand);
    expect(kedas.median).toBeLessThanOrEqual(40);
    expect(kedas.p95).toBeLessThanOrEqual(120);
    expect(byRequest.median).toBeLessThanOrEqual(hand.median + 100);
  }, 900_000);

  test(`the same while ${OTHERS} other ScaledObjects are served by the same scaler`, async () => {
    await kubectl(['apply', '-f', '-'], list(others()));
    try {
      await kubectl(['wait', '--for=condition=Ready', 'scaledobject', '--all', '-n', NAMESPACE, '--timeout=180s']);
      const scaled: number[] = [];
      for (let n = 0; n < STARTS / 2; n += 1) scaled.push((await start(2 * n)).scaled);
      const { median, p95 } = report(`request -> replicas: 1, beside ${OTHERS} others`, scaled);
      expect(median).toBeLessThanOrEqual(40);
      expect(p95).toBeLessThanOrEqual(120);
    } finally {
      await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], list(others()));
    }
  }, 900_000);

  test('200 req/s scale to as many replicas as the arithmetic says, and back to 0 soon after the last', async () => {
    await asleep(MANY);
    const from = performance.now();
    const answers: Promise<Answer>[] = [];
    let most = 0;
    while (performance.now() - from < 60_000) {
      answers.push(ask(MANY.name));
      if (answers.length % 200 === 0) most = Math.max(most, await rig.replicas(MANY.name));
      const next = from + answers.length * 5;
      await sleep(Math.max(0, next - performance.now()));
    }
    const sent = performance.now();
    expect(tally(await Promise.all(answers))).toEqual({ 200: answers.length });
    const rate = (answers.length / (sent - from)) * 1000;
    const wanted = Math.ceil((rate * SEVERAL.ttlS) / SEVERAL.targetRequests);
    const zero = await scaledAt(MANY.name, sent, '0');
    lines.push(
      `${rate.toFixed(0)} req/s: ${most} replicas (${wanted} by the arithmetic), at 0 ${((zero - sent) / 1000).toFixed(1)} s after the last`,
    );
    expect(Math.abs(most - wanted)).toBeLessThanOrEqual(1);
    expect(zero - sent).toBeLessThanOrEqual((SEVERAL.ttlS + SEVERAL.cooldownS + 5) * 1000);
  }, 600_000);

  test.each([
    ['the scaler is killed before the request', async (): Promise<void> => killScaler(), undefined],
    ['the scaler is killed as soon as the request is held', undefined, async (): Promise<void> => killScaler()],
    ['one of two replicas is deleted', async (): Promise<void> => killScaler(1), undefined],
    ["KEDA's operator is killed before the request", async (): Promise<void> => killKeda(), undefined],
    ["KEDA's operator is killed as soon as the request is held", undefined, async (): Promise<void> => killKeda()],
  ])(
    '%s: it is answered',
    async (title, before, during) => {
      await asleep(FAST);
      await before?.();
      const from = performance.now();
      const asked = ask(FAST.name);
      if (during !== undefined) {
        // It is held as soon as it arrives, and not for long enough to be looked at through the API server.
        await sleep(100);
        await during();
      }
      const answer = await asked;
      lines.push(`${title}: ${answer.status} after ${((answer.at - from) / 1000).toFixed(1)} s`);
      expect(answer.status).toBe(200);
      expect(Number(answer.headers['x-serverless-cold-start'])).toBeGreaterThan(100);
      await rig.rolledOut('serverless-scaler');
    },
    300_000,
  );

  test('the scaler is gone for a minute under traffic: every request is answered, and the backend sleeps after all', async () => {
    await asleep(FAST);
    expect((await ask(FAST.name)).status).toBe(200);
    await kubectl(['scale', 'deployment/serverless-scaler', '-n', NAMESPACE, '--replicas=0']);
    const answers: Answer[] = [];
    const from = performance.now();
    while (performance.now() - from < 60_000) {
      answers.push(await ask(FAST.name));
      await sleep(200);
    }
    await kubectl(['scale', 'deployment/serverless-scaler', '-n', NAMESPACE, '--replicas=2']);
    await rig.rolledOut('serverless-scaler');
    lines.push(`no scaler for a minute: ${JSON.stringify(tally(answers))}`);
    expect(tally(answers)).toEqual({ 200: answers.length });
    await rig.sleeps(FAST.name);
    await start();
  }, 400_000);

  const killScaler = async (count = 2): Promise<void> => {
    const names = (await rig.pods(SCALER)).map(({ metadata }) => metadata.name).slice(0, count);
    await kubectl(['delete', 'pod', ...names, '-n', NAMESPACE, '--force', '--grace-period=0']);
  };
  const killKeda = async (): Promise<void> => {
    await kubectl(['delete', 'pod', '-n', 'keda', '-l', 'app=keda-operator', '--force', '--grace-period=0']);
  };
});
