import { until } from '../../real-parts/wait';
import { KongRig } from '../support/kong-rig';
import { describeWith, stopAll } from '../support/suite';

describeWith(['kong'], 'wakes_with, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    const backend = [
      {
        ...{ target: '/shop', health: '/healthz.html', pubsub: 'kong-serverless-plugin', topic: 'shop' },
        wakes_with: [{ topic: 'stock' }, { pubsub: 'other', topic: 'mail' }],
      },
    ];
    rig = await KongRig.start({ backends: [{ name: 'shop', plugin: { backend } }] });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('a request for a backend that sleeps wakes what it names, once each, and waits for its own backend alone', async () => {
    const answer = rig.get('/shop/');
    await until('it is woken', () => rig.dapr.messages('cold-start', 'shop').length === 1);
    await until('the others are, too', () => rig.dapr.published.length === 3);
    await rig.backend('shop').become('ready');
    expect((await answer).status).toBe(200);
    expect(rig.dapr.published.map(({ pubsub, topic }) => `${pubsub} ${topic}`).sort()).toEqual([
      'kong-serverless-plugin shop',
      'kong-serverless-plugin stock',
      'other mail',
    ]);
  }, 60_000);
});
