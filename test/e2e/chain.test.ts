import { tally } from '../../real-parts/http';
import { describeWith, say, stopAll } from '../support/suite';
import { until } from '../../real-parts/wait';
import { ChainRig, COOLDOWN_MS, gatewayName, TTL_MS } from './chain-rig';

describeWith(['daprd', 'rabbitmq'], `the chain on ${gatewayName}, real daprd and real RabbitMQ`, () => {
  let rig: ChainRig;
  beforeAll(async () => {
    rig = await ChainRig.start();
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('a request wakes the backend through the queue, gets its answer, and the backend sleeps again after TTL and cooldown', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const service = rig.service('consumer');
    const from = performance.now();
    const answer = rig.get('/kong/', { traceparent });
    await until('a message is in the queue', async () => (await rig.rabbit.depth('serverless')) > 0);
    const queuedMs = performance.now() - from;
    const { status, headers, body, at } = await answer;
    expect({ status, body }).toEqual({ status: 200, body: 'consumer /kong/' });
    expect(Number(headers['x-serverless-cold-start'])).toBeGreaterThan(service.bootMs);

    const messages = await rig.messages('serverless');
    expect(messages.map(({ cloudEvent }) => cloudEvent.data.reason)).toEqual(['cold-start']);
    const { cloudEvent, expiration } = messages[0]!;
    expect(cloudEvent).toMatchObject({ pubsubname: 'kong-serverless-plugin', topic: 'serverless' });
    expect(cloudEvent.data).toMatchObject({ reason: 'cold-start', backend: '/kong', requests: 1 });
    // The trace continues from the request that woke the backend.
    expect(cloudEvent.traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
    // Each message has its own time to live, independent of the queue's (D5).
    expect(expiration).toBe('30000');

    const [scaled] = service.history;
    say(
      `cold start: message seen in the queue after ${queuedMs.toFixed(0)} ms, 1 replica after ` +
        `${((scaled?.at ?? NaN) - from).toFixed(0)} ms, ready after ${(service.readyAt - from).toFixed(0)} ms, ` +
        `answered ${(at - service.readyAt).toFixed(0)} ms later`,
    );

    await rig.sleeps('consumer', 'serverless', '/kong');
    const asleepMs = (service.history.at(-1)?.at ?? NaN) - at;
    say(
      `asleep again ${(asleepMs / 1000).toFixed(1)} s after the answer (TTL ${TTL_MS} ms, cooldown ${COOLDOWN_MS} ms)`,
    );
    expect(asleepMs).toBeGreaterThan(COOLDOWN_MS);
    expect(service.history.at(-1)?.replicas).toBe(0);
  }, 120_000);

  test('200 at once: one cold-start message in the queue, activity messages no faster than their cap, all 200', async () => {
    await rig.sleeps('consumer', 'serverless', '/kong');
    await rig.messages('serverless');
    const settled = await rig.burst(200, '/kong/');
    const reasons = (await rig.messages('serverless')).map(({ cloudEvent }) => cloudEvent.data.reason);
    expect(tally(settled)).toEqual({ 200: 200 });
    expect(reasons.filter((reason) => reason === 'cold-start')).toHaveLength(1);
    const activity = reasons.length - 1;
    const seconds = Math.max(...settled.map(({ ms }) => ms)) / 1000;
    say(`200 at once: 1 cold-start message, ${activity} activity messages in ${seconds.toFixed(1)} s`);
    expect(activity).toBeGreaterThan(0);
    // 10 a second, and one more at the boundary.
    expect(activity).toBeLessThanOrEqual(10 * seconds + 1);
  }, 120_000);

  test('`serverless doctor` finds nothing wrong with it', async () => {
    const { status, findings } = await rig.doctor();
    expect(findings.filter(({ outcome }) => outcome === 'error')).toEqual([]);
    expect(findings.filter(({ outcome }) => outcome === 'ok').map(({ check }) => check)).toEqual(
      expect.arrayContaining(['gateway', 'plugin-socket', 'dapr-health', 'dapr-components', 'rabbitmq-queue']),
    );
    expect(status).toBe(0);
  });

  test('two backends wake each for itself', async () => {
    await rig.sleeps('foo', 'foo', '/foo');
    await rig.sleeps('bar', 'bar', '/bar');
    const answer = await rig.get('/foo');
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: 'foo /foo' });
    expect(rig.service('foo').wanted).toBeGreaterThan(0);
    expect(rig.service('bar').history).toEqual([]);
    expect(await rig.rabbit.depth('bar')).toBe(0);

    const other = await rig.get('/bar/x');
    expect({ status: other.status, body: other.body }).toEqual({ status: 200, body: 'bar /bar/x' });
  }, 120_000);
});
