import http from 'node:http';
import { DaprPublisher } from '../../../src/adapters/dapr-publisher';
import type { PublishTarget, WakeUp } from '../../../src/core/ports';
import type { PublishReport } from '../../../src/core/reports';
import { FakeClock } from '../../support/fake-clock';
import type { Listening } from './gateway';
import { listen, until } from './gateway';

jest.setTimeout(30_000);

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const TARGET: PublishTarget = { pubsub: 'kong-serverless-plugin', topic: 'serverless', ttlMs: 30_000 };
const MESSAGE: WakeUp = {
  reason: 'cold-start',
  backend: '/kong',
  requests: 1,
  ttl: 30,
  gateway: 'node-1',
  at: '2026-01-01T00:00:00.000Z',
};

const seen: Seen[] = [];
let answer: (response: http.ServerResponse) => void;
let sidecar: Listening;
const publishers: DaprPublisher[] = [];

beforeEach(async () => {
  seen.length = 0;
  answer = (response) => response.writeHead(204).end();
  sidecar = await listen(
    http.createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body });
        answer(response);
      });
    }),
  );
});

afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.close();
  await sidecar.close();
});

interface Options {
  readonly daprUrl?: string;
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly clock?: FakeClock;
}

function publisher({ daprUrl = sidecar.url, token, timeoutMs, clock }: Options = {}): DaprPublisher {
  const made = new DaprPublisher({ daprUrl, daprToken: token }, timeoutMs, clock);
  publishers.push(made);
  return made;
}

function answering(status: number, body: string, type = 'application/json'): Promise<PublishReport> {
  answer = (response) => response.writeHead(status, { 'content-type': type }).end(body);
  return publisher().publish(TARGET, MESSAGE, undefined);
}

describe('what is sent', () => {
  test('is the message as JSON, to the topic of the component, with the TTL of the message in seconds', async () => {
    expect(await publisher().publish(TARGET, MESSAGE, undefined)).toEqual({ outcome: 'accepted', status: 204 });
    const [request] = seen;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v1.0/publish/kong-serverless-plugin/serverless?metadata.ttlInSeconds=30',
    });
    expect(request!.headers['content-type']).toBe('application/json');
    expect(JSON.parse(request!.body)).toEqual(MESSAGE);
    expect(request!.headers).not.toHaveProperty('dapr-api-token');
    expect(request!.headers).not.toHaveProperty('traceparent');
  });

  test('names component and topic as they are, whatever characters they have', async () => {
    await publisher().publish({ ...TARGET, pubsub: 'a/b?c', topic: 'x y#z&ä%' }, MESSAGE, undefined);
    expect(seen[0]!.url).toBe('/v1.0/publish/a%2Fb%3Fc/x%20y%23z%26%C3%A4%25?metadata.ttlInSeconds=30');
  });

  test('never has a TTL of 0: with that Dapr takes the message and drops it (D5)', async () => {
    await publisher().publish({ ...TARGET, ttlMs: 0 }, MESSAGE, undefined);
    await publisher().publish({ ...TARGET, ttlMs: 1500 }, MESSAGE, undefined);
    expect(seen.map(({ url }) => url?.split('=')[1])).toEqual(['1', '2']);
  });

  test('carries the token and the trace context', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await publisher({ token: 's3cret' }).publish(TARGET, MESSAGE, { traceparent: trace, tracestate: 'vendor=1' });
    expect(seen[0]!.headers).toMatchObject({ 'dapr-api-token': 's3cret', traceparent: trace, tracestate: 'vendor=1' });
  });

  test('goes over connections that are kept', async () => {
    const one = publisher({ daprUrl: `${sidecar.url}/` });
    for (let turn = 0; turn < 5; turn++) await one.publish(TARGET, MESSAGE, undefined);
    expect(sidecar.connections()).toBe(1);
    expect(seen[0]!.url).toMatch(/^\/v1\.0\/publish/);
  });
});

describe('what Dapr says', () => {
  test.each([
    [400, 'ERR_PUBSUB_NOT_CONFIGURED', 'refused'],
    [401, 'ERR_UNAUTHENTICATED', 'refused'],
    [403, 'ERR_PUBSUB_FORBIDDEN', 'refused'],
    [404, 'ERR_PUBSUB_NOT_FOUND', 'refused'],
    [408, 'ERR_TIMEOUT', 'retry'],
    [429, 'ERR_TOO_MANY', 'retry'],
    [500, 'ERR_PUBSUB_PUBLISH_MESSAGE', 'retry'],
    [503, 'ERR_UNAVAILABLE', 'retry'],
  ])('%d %s is %s, and told in its own words', async (status, errorCode, outcome) => {
    const report = await answering(status, JSON.stringify({ errorCode, message: 'because' }));
    expect(report).toEqual({ outcome, status, error: errorCode, message: 'because' });
  });

  test('a message of any length is cut', async () => {
    const report = await answering(500, JSON.stringify({ errorCode: 'ERR_X', message: 'x'.repeat(5000) }));
    expect(report.message).toHaveLength(500);
  });

  test.each(['null', '[]', '"text"', '{"errorCode": 5, "message": {}}'])('%s is no reason to fail', async (body) => {
    expect(await answering(500, body)).toEqual({ outcome: 'retry', status: 500 });
  });

  test('HTML in place of JSON is told for what it is, and its text is not repeated', async () => {
    const report = await answering(404, '<html>404 not found</html>', 'text/html');
    expect(report).toEqual({
      outcome: 'refused',
      status: 404,
      error: 'the answer is not one of Dapr: is this the sidecar?',
    });
  });

  test('a redirect is refused and not followed', async () => {
    answer = (response) => response.writeHead(307, { location: `${sidecar.url}/elsewhere` }).end();
    expect(await publisher().publish(TARGET, MESSAGE, undefined)).toMatchObject({ outcome: 'refused', status: 307 });
    expect(seen).toHaveLength(1);
  });
});

describe('no answer is tried again later', () => {
  test('when nothing listens', async () => {
    await sidecar.close();
    const report = await publisher().publish(TARGET, MESSAGE, undefined);
    expect(report).toMatchObject({ outcome: 'retry', error: expect.stringMatching(/^ECONNREFUSED/) });
  });

  test('when the sidecar hangs', async () => {
    answer = () => undefined;
    const report = await publisher({ timeoutMs: 60 }).publish(TARGET, MESSAGE, undefined);
    expect(report).toEqual({ outcome: 'retry', error: 'ETIMEDOUT: no answer within 60 ms' });
  });

  test('when the connection is reset', async () => {
    answer = (response) => response.socket!.resetAndDestroy();
    const report = await publisher().publish(TARGET, MESSAGE, undefined);
    expect(report).toMatchObject({ outcome: 'retry', error: expect.stringMatching(/^ECONNRESET/) });
  });

  test('and no report names the token', async () => {
    const one = publisher({ token: 's3cret', timeoutMs: 60 });
    const reports = [];
    for (const turn of [
      (response: http.ServerResponse) => response.socket!.resetAndDestroy(),
      () => undefined,
      (response: http.ServerResponse) => response.writeHead(401).end('{"errorCode":"ERR","message":"no"}'),
    ]) {
      answer = turn;
      reports.push(await one.publish(TARGET, MESSAGE, undefined));
    }
    expect(JSON.stringify(reports)).not.toContain('s3cret');
  });
});

describe('messages that hang', () => {
  /** The component `broken` does not answer. */
  const hanging: http.ServerResponse[] = [];
  beforeEach(() => {
    hanging.length = 0;
    answer = (response) => {
      if (seen.at(-1)!.url!.includes('/broken/')) hanging.push(response);
      else response.writeHead(204).end();
    };
  });
  const send = (pubsub: string, reason: WakeUp['reason'], one: DaprPublisher): Promise<PublishReport> =>
    one.publish({ ...TARGET, pubsub }, { ...MESSAGE, reason }, undefined);

  test('keep nobody of another component waiting', async () => {
    const one = publisher();
    for (const reason of ['activity', 'cold-start'] as const) {
      const stuck = Array.from({ length: 40 }, () => send('broken', reason, one));
      await until(() => hanging.length === (reason === 'activity' ? 4 : 20));
      // More than there are connections, to each of several others.
      const others = ['a', 'b', 'c'].flatMap((pubsub) => Array.from({ length: 30 }, () => send(pubsub, reason, one)));
      for (const report of await Promise.all(others)) expect(report.outcome).toBe('accepted');
      expect(stuck).toHaveLength(40);
    }
    one.close();
  });

  test('are bounded, and keep no cold start waiting where they are activity', async () => {
    const one = publisher();
    for (let n = 0; n < 100; n++) void send('broken', 'activity', one);
    await until(() => hanging.length === 4);
    void send('broken', 'cold-start', one);
    await until(() => hanging.length === 5);
    expect(JSON.parse(seen.at(-1)!.body)).toMatchObject({ reason: 'cold-start' });
    expect(sidecar.connections()).toBe(5);
    one.close();
  });
});

test('the connections of a component that nobody publishes to any more are closed', async () => {
  const clock = new FakeClock();
  const one = publisher({ clock });
  for (const pubsub of ['a', 'b', 'c']) await one.publish({ ...TARGET, pubsub }, MESSAGE, undefined);
  expect(sidecar.sockets.size).toBe(3);
  await clock.advance(59_000);
  await one.publish({ ...TARGET, pubsub: 'a' }, MESSAGE, undefined);
  await clock.advance(2000);
  await one.publish({ ...TARGET, pubsub: 'd' }, MESSAGE, undefined);
  await until(() => sidecar.sockets.size === 2);
  await one.publish({ ...TARGET, pubsub: 'b' }, MESSAGE, undefined);
  expect(sidecar.connections()).toBe(5);
});
