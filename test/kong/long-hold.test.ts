import { KongRig } from '../support/kong-rig';
import { describeWith } from '../support/suite';
import { sleep } from '../../real-parts/wait';

describeWith(['kong'], "a hold that outlasts Kong's 60 s timeout (K1)", () => {
  test('a request held for 75 s is proxied when the backend is ready', async () => {
    const rig = await KongRig.start({ backends: [{ name: 'slow', plugin: { hold_timeout: 100_000, interval: 500 } }] });
    try {
      const answers = rig.burst(5, '/slow/');
      await rig.holds(5, 'slow');
      await sleep(75_000);
      expect(await rig.serverless.held('/slow')).toBe(5);
      await rig.backend('slow').become('ready');
      const settled = await answers;
      expect(settled.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(Math.min(...settled.map(({ ms }) => ms))).toBeGreaterThan(75_000);
      // The wake-up is repeated before its message's time to live (30 s) is over.
      expect(rig.dapr.messages('cold-start').length).toBeGreaterThanOrEqual(3);
    } finally {
      await rig.stop();
    }
  }, 180_000);
});
