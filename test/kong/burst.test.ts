import { isBalancerRefusal, tally } from '../../real-parts/http';
import { KongRig } from '../support/kong-rig';
import { describeWith, say } from '../support/suite';
import { until } from '../../real-parts/wait';

const BURST = 2000;

describeWith(['kong'], 'a burst on one nginx worker (K4)', () => {
  test('2,000 at once on a sleeping backend: none is let through, none is lost', async () => {
    const rig = await KongRig.start({ backends: [{ name: 'big', plugin: { max_held: 5000 } }] });
    try {
      const answers = rig.burst(BURST, '/big/');
      await rig.holds(BURST, 'big');
      const heldKb = rig.serverless.rssKb();
      // The first probe waits in the busy worker as long as everybody else.
      await until('the wake-up is sent', () => rig.dapr.messages('cold-start').length > 0);
      await rig.backend('big').become('ready');
      const settled = await answers;
      say(`${BURST} held on one worker: ${JSON.stringify(tally(settled))}, plugin server ${heldKb} kB with all held`);
      expect(tally(settled)).toEqual({ 200: BURST });
      expect(settled.filter(isBalancerRefusal)).toHaveLength(0);
      expect(settled.filter(({ headers }) => headers['x-serverless-cold-start'] === undefined)).toHaveLength(0);
      expect(rig.dapr.messages('cold-start')).toHaveLength(1);
      expect(await rig.serverless.held()).toBe(0);
    } finally {
      await rig.stop();
    }
  }, 180_000);
});
