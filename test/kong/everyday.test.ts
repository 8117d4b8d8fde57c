import { isBalancerRefusal, send, tally, type Answer } from '../../real-parts/http';
import { declarativeConfig } from '../../real-parts/kong-config';
import { sleep, until } from '../../real-parts/wait';
import { FakeBackend } from '../support/fake-backend';
import { KongRig, PUBSUB, pluginConfig } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

const GOOD = 'shop.example.com';
const FOREIGN = '203.0.113.7';

describeWith(['kong'], 'an application that validates the Host, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      workers: 2,
      backends: [
        // It stands behind Kong with the client's own Host, as with preserve_host or the ingress controller's default.
        { name: 'shop', hosts: [GOOD], plugin: { lease: 500, hold_timeout: 10_000, probe: { settle: 200 } } },
      ],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  const ask = (host: string): Promise<Answer> =>
    send({ port: rig.kong.proxyPort, path: '/shop/', headers: { Host: host } });

  test('asleep: a foreign Host that comes first holds up nobody; all who follow are answered', async () => {
    const scanner = ask(FOREIGN);
    await rig.holds(1, 'shop');
    await sleep(300);
    const good = Array.from({ length: 60 }, () => ask(GOOD));
    await rig.holds(61, 'shop');
    await rig.backend('shop').become('ready');
    expect(tally(await Promise.all(good))).toEqual({ 200: 60 });
    // The application's own answer, as when it is awake.
    expect((await scanner).status).toBe(400);
  }, 60_000);

  test('up, after an idle gap: a foreign Host makes nobody wait, and wakes nothing', async () => {
    expect((await ask(GOOD)).status).toBe(200);
    const coldStarts = rig.dapr.messages('cold-start').length;
    await rig.forgets('shop');
    expect((await ask(FOREIGN)).status).toBe(400);
    const good = await Promise.all(Array.from({ length: 60 }, () => ask(GOOD)));
    expect(tally(good)).toEqual({ 200: 60 });
    expect(rig.dapr.messages('cold-start')).toHaveLength(coldStarts);
  }, 60_000);
});

describeWith(['kong'], 'slow traffic, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      workers: 2,
      backends: [{ name: 'slow', state: 'ready', plugin: { message_ttl: 3, lease: 1000, requests_per_message: 100 } }],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('the queue does not run empty, although one message stands for many more requests', async () => {
    const ttlMs = 3000;
    for (let n = 0; n < 24; n += 1) {
      expect((await rig.get('/slow/')).status).toBe(200);
      await sleep(500);
    }
    const at = rig.dapr.published.map((one) => one.at);
    const gaps = at.slice(1).map((one, n) => one - (at[n] ?? one));
    say(`${at.length} messages for 24 requests in 12 s, at most ${Math.max(...gaps).toFixed(0)} ms apart`);
    expect(at.length).toBeGreaterThan(3);
    expect(Math.max(...gaps)).toBeLessThan(ttlMs);
    expect(at.length).toBeLessThan(24);
  }, 60_000);
});

describeWith(['kong'], 'two plugins that name one backend, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      workers: 1,
      backends: [],
      routes: () =>
        (
          [
            ['patient', 6000],
            ['hasty', 1000],
          ] as const
        ).map(([name, hold]) => ({
          name,
          path: `/both/${name}`,
          to: '127.0.0.1:1',
          plugins: {
            serverless: {
              hold_timeout: hold,
              backend: [{ target: '/both', health: '/healthz', pubsub: PUBSUB, topic: 'both' }],
            },
          },
        })),
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('each request has the hold deadline of its own plugin, whichever started last', async () => {
    const timed = async (name: string): Promise<number> => (await rig.get(`/both/${name}`)).ms;
    for (const order of [
      ['patient', 'hasty'],
      ['hasty', 'patient'],
    ]) {
      const times = await Promise.all(order.map(timed));
      const [patient, hasty] = order[0] === 'patient' ? times : [...times].reverse();
      expect(patient).toBeGreaterThan(5900);
      expect(hasty).toBeGreaterThan(990);
      expect(hasty).toBeLessThan(3000);
    }
  }, 60_000);
});

describeWith(['kong'], 'requests after a scale-in, on a real Kong', () => {
  const ROUNDS = 6;
  const TTL_S = 2;
  const plugin = pluginConfig({
    name: 'grace',
    plugin: { message_ttl: TTL_S, lease: 900, hold_timeout: 20_000, probe: { settle: 400 } },
  });
  const configWith = (targets: readonly string[]): object =>
    declarativeConfig([
      { name: 'grace', path: '/grace', to: targets, plugins: { serverless: plugin } },
      { name: 'plain', path: '/plain', to: [], upstream: 'grace.default.8080.svc' },
    ]);

  test('at most 3 % meet Kong’s balancer, although its pod still passes probes when they come', async () => {
    // The pod is in its grace period: it serves, and Kong loses it 0.3-2.3 s after the first request.
    const backend = await FakeBackend.start({ name: 'grace', state: 'ready' });
    const rig = await KongRig.start({ workers: 2, backends: [] });
    let [lost, sent] = [0, 0];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await rig.kong.push(configWith([backend.target]));
        await until('every worker has the target', async () =>
          (await rig.burst(20, '/plain/')).every(({ status }) => status === 200),
        );
        await rig.get('/grace/');
        await sleep(TTL_S * 1000 + 1200);
        const answers: Promise<Answer>[] = [];
        const push = sleep(300 + 400 * round).then(() => rig.kong.push(configWith([])));
        for (let n = 0; n < 90; n += 1) {
          answers.push(rig.get('/grace/'));
          await sleep(50);
        }
        await push;
        await rig.kong.push(configWith([backend.target]));
        const settled = await Promise.all(answers);
        const refused = settled.filter(isBalancerRefusal).length;
        lost += refused;
        sent += settled.length;
        say(
          `scale-in, push after ${300 + 400 * round} ms: ${JSON.stringify(tally(settled))}, ${lost} of ${sent} lost so far`,
        );
        expect(settled.length - refused).toBe(settled.filter(({ status }) => status === 200).length);
      }
      expect(lost / sent).toBeLessThanOrEqual(0.03);
    } finally {
      await rig.stop();
      await backend.stop();
    }
  }, 300_000);
});
