import { sendMany, tally } from '../../../real-parts/http';
import { describeWith, stopAll } from '../../support/suite';
import { until } from '../../../real-parts/wait';
import { DemoRig } from './demo-rig';

describeWith(['kong', 'rabbitmq', 'daprd'], 'the demo with the real parts', () => {
  let demo: DemoRig;

  beforeAll(async () => {
    demo = await DemoRig.start(['--fast', '--boot-time', '0.5', '--kong', '--rabbitmq', '--dapr']);
  }, 120_000);

  afterAll(
    stopAll(() => [demo]),
    30_000,
  );

  test('says what they are', async () => {
    expect((await demo.tick()).infrastructure).toMatchObject({
      gateway: expect.stringMatching(/^Kong 2\.8/),
      dapr: { description: expect.stringMatching(/^Dapr 1\./) },
      broker: { description: expect.stringMatching(/^RabbitMQ \d/) },
    });
  });

  test('serves the page through Kong, with every file that it needs', async () => {
    const answers = await Promise.all(['/', '/_demo/page.js', '/_demo/page.css'].map((path) => demo.get(path)));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0]?.headers.via).toMatch(/^kong\/2\.8/);
  });

  test('wakes a service for one request, and for 200 at once', async () => {
    const first = await demo.get('/kong/');
    const answers = await sendMany(200, { port: demo.port, path: '/foo' });

    expect(first).toMatchObject({ status: 200, body: expect.stringContaining('sleeps when nobody asks') });
    expect(tally(answers)).toEqual({ '200': 200 });
  }, 60_000);

  test('a worker takes jobs from the real queue', async () => {
    await demo.press('jobs', 'worker', 3);
    await demo.says('worker: 0 -> 1 replicas');

    const drained = async (): Promise<boolean> => {
      return (await demo.tick()).backends.find(({ name }) => name === 'worker')?.depth === 0;
    };
    expect(await until('the queue is empty', drained, { timeoutMs: 30_000 })).toBe(true);
  }, 60_000);

  test('asleep again, the service is woken although daprd and the broker have died in between', async () => {
    await demo.says('consumer: 1 -> 0 replicas', 60_000);
    await demo.press('broker');
    await demo.press('dapr');
    expect((await demo.tick()).infrastructure).toMatchObject({ dapr: { running: false }, broker: { running: false } });
    await demo.press('broker');
    await demo.press('dapr');

    expect((await demo.get('/kong/')).status).toBe(200);
  }, 120_000);
});
