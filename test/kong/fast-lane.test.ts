import { percentile, sendMany, tally, type Answer } from '../../real-parts/http';
import { declarativeConfig } from '../../real-parts/kong-config';
import { sleep, until } from '../../real-parts/wait';
import { KongRig, pluginConfig } from '../support/kong-rig';
import { KubernetesAccount } from '../support/kubernetes-account';
import { describeWith, say, stopAll } from '../support/suite';

const HOST = 'shop.example';
/** Short enough to wait for. */
const HOLD_MS = 4000;

describeWith(['kong'], 'a pod that Kong has no target for yet, on a real Kong', () => {
  let rig: KongRig;
  let kubernetes: KubernetesAccount;
  beforeAll(async () => {
    kubernetes = await KubernetesAccount.start();
    for (const service of ['shop', 'rewritten', 'moved']) kubernetes.pod(service);
    const plugin = { hold_timeout: HOLD_MS, lease: 1000 };
    rig = await KongRig.start({
      workers: 2,
      serverlessEnv: kubernetes.env,
      backends: [
        { name: 'shop', hosts: [HOST], unrouted: true, plugin: { ...plugin, hold_timeout: 30_000 } },
        // Its route sends another Host than the client's, so what Kong would send is not known.
        { name: 'rewritten', unrouted: true, plugin },
        { name: 'moved', hosts: [HOST], unrouted: true, plugin },
      ],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig, kubernetes]));

  const pod = (name: string): { address: string; port: number } => ({
    address: '127.0.0.1',
    port: rig.backend(name).port,
  });
  const burst = (count: number, path: string, host = HOST): Promise<Answer[]> =>
    sendMany(count, { port: rig.kong.proxyPort, path, headers: { host } });

  test('answers all that wait, with their own Host, within moments of listening', async () => {
    const backend = rig.backend('shop');
    const answers = burst(100, '/shop/hello');
    await rig.holds(100, 'shop');
    kubernetes.pod('shop', pod('shop'));
    await sleep(1500);
    await backend.become('ready');
    const settled = await answers;
    expect(tally(settled)).toEqual({ 200: 100 });
    expect(backend.tokensSeen).toBe(0);
    const after = settled.map(({ at }) => at - backend.readyAt);
    say(
      `100 held: p50 ${percentile(after, 0.5).toFixed(0)} ms, last ${Math.max(...after).toFixed(0)} ms after it listened`,
    );
    const { backends } = await rig.serverless.status();
    expect(backends.find(({ target }) => target === '/shop')?.coldStarts).toEqual([
      expect.objectContaining({ lane: 'address', held: 100 }),
    ]);
    // Kong was asked once, when the pod listened: it would have logged each attempt before.
    expect(await rig.kong.errorLog()).not.toContain('Connection refused');
  }, 60_000);

  test('goes on to answer whoever comes, on every worker, and wakes nothing', async () => {
    const before = rig.dapr.messages('cold-start', 'shop').length;
    for (let round = 0; round < 20; round += 1) {
      expect(tally(await burst(10, '/shop/again'))).toEqual({ 200: 10 });
      await sleep(150);
    }
    expect(rig.dapr.messages('cold-start', 'shop')).toHaveLength(before);
  }, 60_000);

  test('is not sent what it would see under another Host than behind Kong: that waits for Kong', async () => {
    const answer = burst(1, '/rewritten/');
    await rig.holds(1, 'rewritten');
    kubernetes.pod('rewritten', pod('rewritten'));
    await rig.backend('rewritten').become('ready');
    expect((await answer).map(({ body }) => JSON.parse(body) as object)).toEqual([
      expect.objectContaining({ code: 'SERVERLESS_HOLD_TIMEOUT' }),
    ]);
    expect(rig.backend('rewritten').served).toBe(0);
  }, 60_000);

  test('is passed by without a pin once Kong has its target', async () => {
    const shop = { name: 'shop', plugin: { lease: 1000, hold_timeout: 30_000 } };
    const moved = { name: 'moved', plugin: { lease: 1000, hold_timeout: HOLD_MS } };
    await rig.kong.push(
      declarativeConfig(
        [shop, moved].map((one) => ({
          ...{ name: one.name, path: `/${one.name}`, preserveHost: true },
          to: one === shop ? [rig.backend('shop').target] : [],
          plugins: { serverless: pluginConfig(one) },
        })),
      ),
    );
    await until('no request is held for a moment', async () => {
      const answers = await burst(20, '/shop/warm');
      expect(tally(answers)).toEqual({ 200: 20 });
      return answers.every(({ headers }) => headers['x-serverless-cold-start'] === undefined);
    });
  }, 60_000);

  test('that begins to leave is sent nothing more: those who come wait for its successor', async () => {
    const backend = rig.backend('moved');
    const first = burst(1, '/moved/');
    await rig.holds(1, 'moved');
    kubernetes.pod('moved', pod('moved'));
    await backend.become('ready');
    expect(tally(await first)).toEqual({ 200: 1 });
    kubernetes.pod('moved', { ...pod('moved'), leaving: true });
    await sleep(100);
    const served = backend.served;
    const second = burst(10, '/moved/');
    await rig.holds(10, 'moved');
    await sleep(500);
    expect(backend.served).toBe(served);
    await backend.become('asleep');
    kubernetes.pod('moved', pod('moved'));
    await backend.become('ready');
    expect(tally(await second)).toEqual({ 200: 10 });
  }, 60_000);

  test('that dies without a word is tried by Kong as often as any target, and then no more', async () => {
    const backend = rig.backend('moved');
    await backend.become('asleep');
    const refused = async (): Promise<number> => (await rig.kong.errorLog()).split('Connection refused').length - 1;
    const before = await refused();
    expect(tally(await burst(1, '/moved/'))).toEqual({ 502: 1 });
    await until('Kong has logged it', async () => (await refused()) - before === 6);
    // Its lease, which lasts at least twice the settle limit, is not renewed: those who come later wait.
    await sleep(2500);
    const held = burst(5, '/moved/');
    await rig.holds(5, 'moved');
    await backend.become('ready');
    expect(tally(await held)).toEqual({ 200: 5 });
  }, 60_000);
});
