import { until } from '../../../real-parts/wait';
import { stopAll } from '../../support/suite';
import { DemoRig } from './demo-rig';

describe('the demo with push activation', () => {
  let demo: DemoRig;

  beforeAll(async () => {
    demo = await DemoRig.start(['--push', '--fast', '--boot-time', '0.5']);
  }, 90_000);
  afterAll(
    stopAll(() => [demo]),
    30_000,
  );

  const consumer = async () => (await demo.tick()).backends.find(({ name }) => name === 'consumer');
  const asleep = (): Promise<true> =>
    until('it sleeps', async () => (await consumer())?.wanted === 0, { timeoutMs: 90_000, everyMs: 250 });

  test('has the scaler, and neither Dapr nor a broker', async () => {
    const { infrastructure } = await demo.tick();
    expect(infrastructure.scaler).toEqual({ description: expect.stringContaining('serverless scaler'), running: true });
    expect(infrastructure).not.toHaveProperty('dapr');
    expect(infrastructure).not.toHaveProperty('broker');
  });

  test('a request is answered, and KEDA did not wait for its poll', async () => {
    const answer = await demo.get('/kong/');
    expect(answer.status).toBe(200);
    expect(demo.texts).toContain('consumer: 0 -> 1 replicas (KEDA was told)');
    const [coldStart] = await until('the page is told', async () => {
      const coldStarts = (await consumer())?.coldStarts;
      return coldStarts?.length ? coldStarts : undefined;
    });
    expect(coldStart?.scaledMs).toEqual(expect.any(Number));
    expect(await consumer()).toMatchObject({ pushed: true, depth: expect.any(Number) });
  }, 30_000);

  test('the scaler dies while a request is held: it is answered once the scaler is back', async () => {
    await asleep();
    await demo.press('scaler');
    const answer = demo.get('/kong/');
    await until('it is held', async () => (await consumer())?.held === 1);
    expect((await demo.tick()).infrastructure.scaler?.running).toBe(false);
    expect((await consumer())?.wanted).toBe(0);
    await demo.press('scaler');
    expect((await answer).status).toBe(200);
    await asleep();
  }, 200_000);
});
