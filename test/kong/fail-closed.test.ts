import { Serverless } from '../../real-parts/serverless';
import { sleep, until } from '../../real-parts/wait';
import { KongRig } from '../support/kong-rig';
import { describeWithKong3, say, stopAll } from '../support/suite';

// The best that 2.8 has is a server that listens before Kong starts, which the image sees to.
const IN_2_8 = 'an nginx worker would spin for ever (K7)';

describeWithKong3('an instance that cannot be started, on a real Kong 3.x', IN_2_8, () => {
  let rig: KongRig;
  beforeEach(async () => {
    rig = await KongRig.start({ backends: [{ name: 'a' }] });
  }, 120_000);
  afterEach(stopAll(() => [rig]));

  test('nobody listens: each request is answered 500 at once, none is let through; the first after the start is held', async () => {
    const old = rig.serverless;
    await old.kill();
    const answers = await rig.burst(20, '/a/');
    say(`nobody listens: ${answers.map(({ status, ms }) => `${status} in ${ms.toFixed(0)} ms`).at(-1) ?? ''}`);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(500));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(5000);
    expect(rig.backend('a').served).toBe(0);
    try {
      rig.serverless = await Serverless.start({
        gatewayPort: rig.kong.proxyPort,
        daprPort: rig.dapr.port,
        socket: old.socket,
      });
      await until('it listens', () => rig.serverless.is('active'));
      const held = rig.get('/a/');
      await rig.holds(1, 'a');
      await rig.backend('a').become('ready');
      expect((await held).status).toBe(200);
    } finally {
      await old.stop();
    }
  }, 60_000);

  test('one that is frozen: whoever waits for another’s start is let through after 10 s, the first is held once it goes on', async () => {
    rig.serverless.signal('SIGSTOP');
    const first = rig.get('/a/');
    await sleep(500);
    const second = await rig.get('/a/');
    say(`frozen: ${second.status} after ${second.ms.toFixed(0)} ms`);
    expect(second.status).toBe(502);
    expect(second.ms).toBeGreaterThan(9000);
    rig.serverless.signal('SIGCONT');
    await rig.holds(1, 'a');
    await rig.backend('a').become('ready');
    expect((await first).status).toBe(200);
  }, 60_000);
});
