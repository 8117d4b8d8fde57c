import { isBalancerRefusal, percentile, tally } from '../../real-parts/http';
import { KongRig } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';
import { sleep } from '../../real-parts/wait';

const WORKERS = 2;
/** The values of the predecessor's KongPlugin, word for word. */
const predecessor = {
  count: 30,
  interval: 1000,
  backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'kong-serverless-plugin', topic: 'serverless' }],
};

describeWith(['kong'], 'a request for a sleeping backend, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      workers: WORKERS,
      backends: [
        { name: 'kong', plugin: predecessor },
        { name: 'quick', plugin: { lease: 200 } },
      ],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test("Kong takes the schema of the plugin's dump", async () => {
    const schema = JSON.stringify(await rig.kong.admin('/schemas/plugins/serverless'));
    for (const field of ['backend', 'count', 'interval', 'hold_timeout', 'max_held']) {
      expect(schema).toContain(`"${field}":`);
    }
  });

  test("the predecessor's configuration holds a request, wakes the backend by one message, and lets the request pass", async () => {
    const { dapr } = rig;
    const backend = rig.backend('kong');
    const answer = rig.get('/kong/');
    await rig.holds(1, 'kong');
    await sleep(1500);
    expect(dapr.messages('cold-start')).toHaveLength(1);
    const [publish] = dapr.published;
    expect(publish).toMatchObject({ pubsub: 'kong-serverless-plugin', topic: 'serverless' });
    expect(publish?.message).toMatchObject({ reason: 'cold-start', backend: '/kong', requests: 1 });
    expect(publish?.query.get('metadata.ttlInSeconds')).toBe('30');
    await backend.become('ready');
    const { status, body, headers } = await answer;
    expect({ status, body }).toEqual({ status: 200, body: 'kong /kong/' });
    expect(Number(headers['x-serverless-cold-start'])).toBeGreaterThan(1500);
    expect(backend.tokensSeen).toBe(0);
  }, 60_000);

  test('a warm request is neither held nor does it publish a wake-up', async () => {
    const coldStarts = rig.dapr.messages('cold-start').length;
    // The first requests on each nginx worker wait for one probe through it (K27), and one burst may meet one worker only.
    let held = 0;
    for (let burst = 0; burst < 10; burst += 1) {
      const answers = await rig.burst(40, '/kong/');
      expect(tally(answers)).toEqual({ 200: 40 });
      if (answers.some(({ headers }) => headers['x-serverless-cold-start'] !== undefined)) held += 1;
    }
    expect(held).toBeLessThanOrEqual(WORKERS);
    expect(rig.dapr.messages('cold-start')).toHaveLength(coldStarts);
  });

  test.each([1, 100, 613])(
    '%d at once are all answered by the backend, and cost one cold-start message',
    async (count) => {
      const backend = rig.backend('quick');
      await rig.sleep('quick');
      const before = rig.dapr.messages('cold-start', 'quick').length;
      backend.probes = 0;
      const answers = rig.burst(count, '/quick/hello');
      await rig.holds(count, 'quick');
      await sleep(1000);
      await backend.become('ready');
      const settled = await answers;
      expect(tally(settled)).toEqual({ 200: count });
      expect(settled.filter(isBalancerRefusal)).toHaveLength(0);
      expect(rig.dapr.messages('cold-start', 'quick').length - before).toBe(1);
      expect(backend.tokensSeen).toBe(0);
      const after = settled.map(({ at }) => at - backend.readyAt);
      say(
        `${count} held: answered p50 ${percentile(after, 0.5).toFixed(0)} ms, p99 ${percentile(after, 0.99).toFixed(0)} ms ` +
          `after the backend was ready; probes that reached it: ${backend.probes}`,
      );
    },
    90_000,
  );

  test.each([
    ['a forged probe header', '/quick/', { 'X-Serverless-Probe': 'forged' }],
    ["the predecessor's way around the check", '/quick/?check=none', {}],
    ['a forged probe of the health path', '/quick/healthz.html', { 'X-Serverless-Probe': 'forged' }],
  ])('%s does not get a client past the hold', async (_, path, headers) => {
    await rig.sleep('quick');
    const answer = rig.get(path, headers);
    await rig.holds(1, 'quick');
    await rig.backend('quick').become('ready');
    expect((await answer).status).toBe(200);
  });
});
