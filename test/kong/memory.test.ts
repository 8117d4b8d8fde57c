import autocannon from 'autocannon';
import { KongRig } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';
import { until } from '../../real-parts/wait';

const run = (url: string, amount: number): Promise<autocannon.Result> => autocannon({ url, amount, connections: 16 });

describeWith(['kong'], 'what requests leave behind in the plugin server (K3)', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      // A small young generation, in MB, so that the process's size shows what is retained, not what is not collected yet.
      nodeArgs: ['--max-semi-space-size=1'],
      // By default nginx closes a connection after 100 requests, which the load generator may count as an error.
      kongEnv: { KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '1000000' },
      backends: [
        { name: 'warm', state: 'ready' },
        { name: 'full', plugin: { max_held: 1, hold_timeout: 600_000 } },
      ],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  /** Waits until only these held requests are left. */
  const expectOnly = async (held: number): Promise<void> => {
    await until(`nothing but ${held} held is left`, async () => {
      return (await rig.serverless.status()).server.events === held;
    });
  };

  test('100,000 warm requests: no entry left, memory flat', async () => {
    const url = `http://127.0.0.1:${rig.kong.proxyPort}/warm/`;
    await run(url, 20_000);
    const settledKb = rig.serverless.rssKb();
    const result = await run(url, 100_000);
    expect(result.non2xx + result.errors).toBe(0);
    await expectOnly(0);
    const grownKb = rig.serverless.rssKb() - settledKb;
    say(`100,000 warm: ${result.requests.average.toFixed(0)}/s, from ${settledKb} kB by ${grownKb} kB`);
    // One entry kept of each, 0.3 kB or more (K3), would be 30,000 kB.
    expect(grownKb).toBeLessThan(10_000);
  }, 180_000);

  test('20,000 refused requests: no entry left but that of the one held, memory flat', async () => {
    const url = `http://127.0.0.1:${rig.kong.proxyPort}/full/`;
    const held = rig.get('/full/');
    await rig.holds(1, 'full');
    await run(url, 20_000);
    const settledKb = rig.serverless.rssKb();
    const result = await run(url, 20_000);
    expect(result.non2xx).toBe(20_000);
    await expectOnly(1);
    const grownKb = rig.serverless.rssKb() - settledKb;
    say(`20,000 refused: ${result.requests.average.toFixed(0)}/s, from ${settledKb} kB by ${grownKb} kB`);
    // One entry kept of each would be 6,000 kB or more.
    expect(grownKb).toBeLessThan(6000);
    await rig.backend('full').become('ready');
    expect((await held).status).toBe(200);
    await expectOnly(0);
  }, 180_000);
});
