import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import type { Serverless } from '../../real-parts/serverless';
import { until } from '../../real-parts/wait';
import { KongRig } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

const run = (url: string, amount: number): Promise<autocannon.Result> => autocannon({ url, amount, connections: 16 });

/** What the server keeps, kB, once its garbage is collected: the size of the process depends on when Node last did that. */
const keptKb = async (serverless: Serverless): Promise<number> => {
  const file = join(tmpdir(), `kept-heap-${serverless.pid}`);
  serverless.signal('SIGUSR2');
  await until('the server has written what it keeps', () => Promise.resolve(existsSync(file)));
  const bytes = Number(readFileSync(file, 'utf8'));
  rmSync(file);
  return Math.round(bytes / 1024);
};

describeWith(['kong'], 'what requests leave behind in the plugin server (K3)', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      nodeArgs: ['--expose-gc', `--require=${join(__dirname, 'kept-heap.cjs')}`],
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

  /** What requests leave behind, kB, after a fifth as many have warmed the server up. */
  const growth = async (url: string, amount: number, held: number): Promise<[number, autocannon.Result]> => {
    await run(url, amount / 5);
    await expectOnly(held);
    const before = await keptKb(rig.serverless);
    const result = await run(url, amount);
    await expectOnly(held);
    const grown = (await keptKb(rig.serverless)) - before;
    say(`${amount} to ${url}: ${result.requests.average.toFixed(0)}/s, kept ${before} kB and ${grown} kB more`);
    return [grown, result];
  };

  test('100,000 warm requests: no entry left, memory flat', async () => {
    const [grownKb, result] = await growth(`http://127.0.0.1:${rig.kong.proxyPort}/warm/`, 100_000, 0);
    expect(result.non2xx + result.errors).toBe(0);
    // One entry kept of each, 0.3 kB or more (K3), would be 30,000 kB.
    expect(grownKb).toBeLessThan(1000);
  }, 180_000);

  test('20,000 refused requests: no entry left but that of the one held, memory flat', async () => {
    const held = rig.get('/full/');
    await rig.holds(1, 'full');
    const [grownKb, result] = await growth(`http://127.0.0.1:${rig.kong.proxyPort}/full/`, 20_000, 1);
    expect(result.non2xx).toBe(20_000);
    // One entry kept of each would be 6,000 kB or more.
    expect(grownKb).toBeLessThan(1000);
    await rig.backend('full').become('ready');
    expect((await held).status).toBe(200);
    await expectOnly(0);
  }, 180_000);
});
