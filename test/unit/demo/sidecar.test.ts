import { BuiltInBroker } from '../../../demo/broker/built-in';
import { Sidecar, type ApiResponse } from '../../../demo/dapr/sidecar';
import { keptJournal } from './kept-journal';
import { ManualClock } from './manual-clock';

const component = {
  name: 'kong-serverless-plugin',
  scopes: ['serverless'],
  reconnectWaitMs: 0,
  persistent: false,
  prefetch: 0,
  settings: new Map<string, string>(),
};
const topology = {
  exchanges: ['serverless'],
  queues: [{ name: 'serverless', ttlMs: undefined }],
  bindings: [{ exchange: 'serverless', queue: 'serverless' }],
};

function setUp(appId = 'serverless') {
  const clock = new ManualClock();
  const broker = new BuiltInBroker(topology, clock);
  const { journal, texts } = keptJournal(clock);
  const sidecar = new Sidecar(appId, [component], broker, clock, journal);
  const publish = (
    path: string,
    body = '{"a":1}',
    headers = { 'content-type': 'application/json' },
  ): Promise<ApiResponse> => sidecar.handle({ method: 'POST', url: `/v1.0/publish/${path}`, headers, body });
  return { clock, broker, sidecar, publish, texts };
}

const TOPIC = 'kong-serverless-plugin/serverless';

describe("Dapr's API", () => {
  test('a payload is queued in a CloudEvent, with the trace it belongs to', async () => {
    const { broker, publish } = setUp();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'content-type': 'application/json', traceparent };

    expect(await publish(TOPIC, '{"a":1}', headers)).toEqual({ status: 204 });
    expect(JSON.parse((await broker.take('serverless'))?.body ?? '')).toEqual({
      data: { a: 1 },
      datacontenttype: 'application/json',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      pubsubname: 'kong-serverless-plugin',
      source: 'serverless',
      specversion: '1.0',
      time: '2026-01-01T00:00:00.000Z',
      topic: 'serverless',
      traceid: traceparent,
      traceparent,
      tracestate: '',
      type: 'com.dapr.event.sent',
    });
  });

  test.each([
    ['text', 'text/plain', 'hello'],
    ['broken JSON', 'application/json', '{broken'],
  ])('%s goes as text', async (_what, type, body) => {
    const { broker, publish } = setUp();
    await publish(TOPIC, body, { 'content-type': type });

    expect(JSON.parse((await broker.take('serverless'))?.body ?? '')).toMatchObject({
      data: body,
      datacontenttype: type,
    });
  });

  test('a raw payload is queued as it is', async () => {
    const { broker, publish } = setUp();
    await publish(`${TOPIC}?metadata.rawPayload=true`);

    expect((await broker.take('serverless'))?.body).toBe('{"a":1}');
  });

  test('ttlInSeconds ends the message; what is no number is ignored', async () => {
    const { clock, broker, publish } = setUp();
    await publish(`${TOPIC}?metadata.ttlInSeconds=30`);
    await clock.pass(30_000);
    expect(await broker.depth('serverless')).toBe(0);
    await publish(`${TOPIC}?metadata.ttlInSeconds=abc`);
    await clock.pass(30_000);
    expect(await broker.depth('serverless')).toBe(1);
  });

  test('an unknown component is 404 with the real code', async () => {
    expect(await setUp().publish('nope/serverless')).toMatchObject({
      status: 404,
      body: { errorCode: 'ERR_PUBSUB_NOT_FOUND', message: 'pubsub nope is not found' },
    });
  });

  test('a component whose scopes leave the application out is unknown to it', async () => {
    const { sidecar, publish } = setUp('someone-else');
    const metadata = await sidecar.handle({ method: 'GET', url: '/v1.0/metadata', headers: {}, body: '' });

    expect((await publish(TOPIC)).status).toBe(404);
    expect(metadata.body).toMatchObject({ id: 'someone-else', components: [] });
  });

  test('a stopped broker is 500 with the real code, while the sidecar stays healthy', async () => {
    const { broker, sidecar, publish } = setUp();
    await broker.stop();

    expect(await publish(TOPIC)).toMatchObject({ status: 500, body: { errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' } });
    expect(await sidecar.handle({ method: 'GET', url: '/v1.0/healthz/outbound', headers: {}, body: '' })).toEqual({
      status: 204,
    });
  });

  test.each([
    ['GET', '/v1.0/publish/kong-serverless-plugin/serverless'],
    ['POST', '/v1.0/publish/kong-serverless-plugin/'],
    ['POST', '/v1.0/publish/kong-serverless-plugin'],
    ['GET', '/v1.0/nope'],
  ])('%s %s is not a call of ours', async (method, url) => {
    expect(await setUp().sidecar.handle({ method, url, headers: {}, body: '' })).toMatchObject({
      status: 404,
      body: { errorCode: 'ERR_DIRECT_INVOKE' },
    });
  });

  test('the metadata lists the components', async () => {
    const answer = await setUp().sidecar.handle({ method: 'GET', url: '/v1.0/metadata', headers: {}, body: '' });

    expect(answer).toMatchObject({
      status: 200,
      body: { id: 'serverless', components: [{ name: 'kong-serverless-plugin', type: 'pubsub.rabbitmq' }] },
    });
  });

  test('a cold start is reported at once, activity in one line a second', async () => {
    const { clock, publish, texts } = setUp();
    await publish(TOPIC, '{"reason":"cold-start"}');
    for (let i = 0; i < 3; i++) await publish(TOPIC, '{"reason":"activity"}');
    expect(texts()).toEqual(['published to serverless: cold-start']);
    await clock.pass(1000);
    expect(texts()).toEqual(['published to serverless: cold-start', 'published to serverless: activity x 3']);
  });
});
