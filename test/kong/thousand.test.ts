import { percentile, send, tally } from '../../real-parts/http';
import { until } from '../../real-parts/wait';
import { KongRig, PUBSUB } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

const PLUGINS = 10;
const EACH = 100;
const TARGETS = Array.from({ length: PLUGINS * EACH }, (_, n) => `/many/plugin-${Math.floor(n / EACH)}/backend-${n}`);

describeWith(['kong'], '1,000 backends that wake at once, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      workers: 2,
      backends: [{ name: 'many', plugin: { backend: [{ target: '/unused', pubsub: PUBSUB, topic: 'unused' }] } }],
      routes: (backends) =>
        Array.from({ length: PLUGINS }, (_, plugin) => ({
          name: `plugin-${plugin}`,
          path: `/many/plugin-${plugin}/`,
          to: [backends['many']?.target ?? ''],
          plugins: {
            serverless: {
              hold_timeout: 60_000,
              backend: TARGETS.slice(plugin * EACH, (plugin + 1) * EACH).map((target, n) => ({
                ...{ target, health: '/healthz.html', pubsub: PUBSUB, topic: `topic-${plugin}-${n}` },
              })),
            },
          },
        })),
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('each is woken, and each request is answered', async () => {
    const from = performance.now();
    const asked = TARGETS.map((path) => send({ port: rig.kong.proxyPort, path: `${path}/` }));
    await until('all are held', async () => (await rig.serverless.held()) === TARGETS.length, { timeoutMs: 60_000 });
    await until('each is woken', () => Promise.resolve(rig.dapr.messages('cold-start').length >= TARGETS.length), {
      timeoutMs: 60_000,
    });
    say(`1,000 held and woken within ${(performance.now() - from).toFixed(0)} ms`);
    await rig.backend('many').become('ready');
    const answers = await Promise.all(asked);
    expect(tally(answers)).toEqual({ 200: TARGETS.length });
    const late = answers.map(({ at }) => at - rig.backend('many').readyAt);
    say(`answered p50 ${percentile(late, 0.5).toFixed(0)} ms, last ${Math.max(...late).toFixed(0)} ms after ready`);
    expect(new Set(rig.dapr.messages('cold-start').map(({ topic }) => topic)).size).toBe(TARGETS.length);
    // On a machine so slow that half of a message's life has passed meanwhile it is repeated, but not twice.
    expect(rig.dapr.messages('cold-start').length).toBeLessThanOrEqual(2 * TARGETS.length);
  }, 180_000);
});
