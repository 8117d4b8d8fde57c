import type { Answer } from '../../real-parts/http';
import { tally } from '../../real-parts/http';
import { pubsubNotFound } from '../support/fake-dapr';
import { PUBSUB, KongRig } from '../support/kong-rig';
import { describeWith, stopAll } from '../support/suite';

const problem = (answer: Answer): Record<string, unknown> => JSON.parse(answer.body) as Record<string, unknown>;

const expectRefusal = (answer: Answer, code: string): void => {
  expect(answer.status).toBe(503);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(problem(answer)).toMatchObject({ status: 503, code });
};

describeWith(['kong'], 'what a client gets that cannot be served, on a real Kong', () => {
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      workers: 2,
      backends: [
        { name: 'never', plugin: { hold_timeout: 1500 } },
        { name: 'passes', plugin: { hold_timeout: 1000, on_timeout: 'pass' } },
        { name: 'few', plugin: { hold_timeout: 3000, max_held: 5 } },
        { name: 'nodapr', plugin: { hold_timeout: 20_000 } },
        { name: 'stuck', state: 'hanging', plugin: { hold_timeout: 2500, probe: { timeout: 300 } } },
      ],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('a backend that does not wake: 503 at the deadline, with the reason', async () => {
    const answer = await rig.get('/never/');
    expectRefusal(answer, 'SERVERLESS_HOLD_TIMEOUT');
    expect(problem(answer)).toMatchObject({
      backend: '/never',
      lastProbe: { status: 502 },
      lastPublish: { status: 204 },
    });
    expect(answer.ms).toBeGreaterThanOrEqual(1490);
    expect(answer.ms).toBeLessThan(2500);
  });

  test('on_timeout pass: the gateway’s own answer at the deadline, as the predecessor gave', async () => {
    const answer = await rig.get('/passes/');
    expect(answer.status).toBe(502);
    expect(answer.ms).toBeGreaterThanOrEqual(990);
  });

  test('a backend that hangs: the probe gives up each time, the request at its deadline', async () => {
    const answer = await rig.get('/stuck/');
    expectRefusal(answer, 'SERVERLESS_HOLD_TIMEOUT');
    expect(rig.backend('stuck').served).toBe(0);
    expect(rig.backend('stuck').probes).toBeGreaterThan(2);
  });

  test('more than max_held: 503 at once for those too many, and only those', async () => {
    const answers = await rig.burst(12, '/few/');
    const overflow = answers.filter((answer) => problem(answer).code === 'SERVERLESS_HOLD_OVERFLOW');
    expect(overflow).toHaveLength(7);
    for (const answer of overflow) {
      expectRefusal(answer, 'SERVERLESS_HOLD_OVERFLOW');
      expect(answer.ms).toBeLessThan(1500);
    }
    expect(tally(answers)).toEqual({ 503: 12 });
  });

  test('a publish that Dapr refuses: 503 at once, without Dapr’s own words, and again tried for the next request', async () => {
    rig.dapr.answer = pubsubNotFound(PUBSUB);
    const answer = await rig.get('/nodapr/');
    expectRefusal(answer, 'SERVERLESS_WAKE_REFUSED');
    expect(problem(answer)).toMatchObject({ lastPublish: { status: 404 } });
    expect(answer.body).not.toContain('ERR_PUBSUB_NOT_FOUND');
    expect(answer.ms).toBeLessThan(3000);

    rig.dapr.answer = { status: 204 };
    const next = rig.get('/nodapr/');
    await rig.holds(1, 'nodapr');
    await rig.backend('nodapr').become('ready');
    expect((await next).status).toBe(200);
  });

  test('an operator sees the reason in Kong’s own log, at its default level (K15)', async () => {
    expect(await rig.kong.errorLog()).toMatch(/SERVERLESS_WAKE_REFUSED.*ERR_PUBSUB_NOT_FOUND/);
  });
});
