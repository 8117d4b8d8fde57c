import { tally } from '../../real-parts/http';
import { until } from '../../real-parts/wait';
import { KongRig, type KongRigBackend } from '../support/kong-rig';
import { describeWith, stopAll } from '../support/suite';

/** Backends of which every request is worth a message to a component that does not answer. */
const chatty = Array.from({ length: 10 }, (_, n): KongRigBackend => {
  const name = `chatty-${n}`;
  const backend = [{ target: `/${name}`, health: '/healthz.html', pubsub: 'broken', topic: name }];
  return { name, state: 'ready', plugin: { backend, max_message_rate: 100 } };
});

describeWith(['kong'], 'a pub/sub component that hangs, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({ backends: [...chatty, { name: 'fine' }] });
    rig.dapr.answers.set('broken', 'hang');
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('gets one activity message per backend at a time, and delays no wake-up of another component', async () => {
    const publishes = (): number => rig.dapr.published.filter(({ pubsub }) => pubsub === 'broken').length;
    const end = new AbortController();
    const traffic = chatty.map(async ({ name }) => {
      while (!end.signal.aborted) expect((await rig.get(`/${name}/`)).status).toBe(200);
    });
    try {
      await until('messages hang', () => publishes() >= 4);
      for (let n = 0; n < 10; n++) await Promise.all(chatty.map(({ name }) => rig.get(`/${name}/`)));
      // A publish is given up after 10 s: none that hangs has been yet.
      const from = performance.now();
      const held = rig.get('/fine/');
      await until('the wake-up is published', () => rig.dapr.messages('cold-start', 'fine').length === 1);
      expect(performance.now() - from).toBeLessThan(5000);
      expect(publishes()).toBeLessThanOrEqual(chatty.length);
      await rig.backend('fine').become('ready');
      expect(tally([await held])).toEqual({ 200: 1 });
    } finally {
      end.abort();
      await Promise.all(traffic);
    }
  }, 60_000);
});
