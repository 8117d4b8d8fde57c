/* eslint-disable jest/no-export -- the same tests run against two sidecars. */
import { type Answer, send } from '../../real-parts/http';
import { stopAll } from '../support/suite';

export interface SidecarUnderTest {
  readonly port: number;
  /** Takes the only message in the queue; undefined if none arrives within a moment. */
  take(): Promise<{ readonly payload: string; readonly ttlMs: number | undefined } | undefined>;
  stop(): Promise<void>;
}

/** Component and topic of the contract; the queue is bound to the exchange that Dapr makes of the topic. */
export const PUBSUB = 'kong-serverless-plugin';
export const TOPIC = 'serverless';

/** What a sidecar does with what the plugin sends it. */
export function daprContract(start: () => Promise<SidecarUnderTest>): void {
  let sidecar: SidecarUnderTest;

  beforeAll(async () => {
    sidecar = await start();
  }, 90_000);

  afterAll(
    stopAll(() => [sidecar]),
    30_000,
  );

  const publish = (path: string, body = '{"a":1}', headers: Record<string, string> = {}): Promise<Answer> => {
    const sent = { 'Content-Type': 'application/json', ...headers };
    return send({ port: sidecar.port, path: `/v1.0/publish/${path}`, method: 'POST', headers: sent, body });
  };

  test('is healthy, and lists its components', async () => {
    const health = await send({ port: sidecar.port, path: '/v1.0/healthz/outbound' });
    const metadata = await send({ port: sidecar.port, path: '/v1.0/metadata' });

    expect(health).toMatchObject({ status: 204, body: '' });
    expect(JSON.parse(metadata.body)).toMatchObject({
      id: 'serverless',
      components: [{ name: PUBSUB, type: 'pubsub.rabbitmq', version: 'v1', capabilities: ['MESSAGE_TTL'] }],
    });
  });

  test('publishes in a CloudEvent with the trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await publish(`${PUBSUB}/${TOPIC}?metadata.ttlInSeconds=30`, '{"a":1}', { traceparent });
    const message = await sidecar.take();

    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(message?.ttlMs).toBe(30_000);
    expect(JSON.parse(message?.payload ?? '')).toEqual({
      data: { a: 1 },
      datacontenttype: 'application/json',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      pubsubname: PUBSUB,
      source: 'serverless',
      specversion: '1.0',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      topic: TOPIC,
      traceid: traceparent,
      traceparent,
      tracestate: '',
      type: 'com.dapr.event.sent',
    });
  });

  test('publishes a raw payload as it is', async () => {
    await publish(`${PUBSUB}/${TOPIC}?metadata.rawPayload=true`, 'hello', { 'Content-Type': 'text/plain' });

    expect(await sidecar.take()).toEqual({ payload: 'hello', ttlMs: undefined });
  });

  test.each([
    ['a TTL of no seconds', '?metadata.ttlInSeconds=abc', TOPIC],
    ['a topic that is bound to nothing', '', 'nobody-listens'],
  ])('answers 204 for %s', async (_what, query, topic) => {
    expect((await publish(`${PUBSUB}/${topic}${query}`)).status).toBe(204);
    expect((await sidecar.take())?.ttlMs).toBeUndefined();
  });

  test('a component that it does not have', async () => {
    const answer = await publish(`nope/${TOPIC}`);

    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({
      errorCode: 'ERR_PUBSUB_NOT_FOUND',
      message: 'pubsub nope is not found',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          domain: 'dapr.io',
          metadata: {},
          reason: 'DAPR_PUBSUB_NOT_FOUND',
        },
      ],
    });
  });

  test.each([
    ['GET', `/v1.0/publish/${PUBSUB}/${TOPIC}`],
    ['POST', `/v1.0/publish/${PUBSUB}`],
    ['GET', '/v1.0/no-such-call'],
  ])('%s %s is taken for a service invocation without a name', async (method, path) => {
    const answer = await send({ port: sidecar.port, path, method });

    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ errorCode: 'ERR_DIRECT_INVOKE' });
  });
}
