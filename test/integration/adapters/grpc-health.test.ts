import { createSecureServer, createServer, type ServerHttp2Stream, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { GrpcHealth } from '../../../src/adapters/grpc-health';
import { CERTIFICATE, KEY } from '../../../demo/kubernetes/certificate';
import { greeter } from '../../../sample/backend/greeter';
import { ServerCredentials } from '@grpc/grpc-js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
const grpc = { ':status': 200, 'content-type': 'application/grpc' };
type Answer = (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void;

const listening = async (server: Http2Server | net.Server, scheme: string): Promise<URL> => {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/grpc.health.v1.Health/Check`);
};
const answering = (answer: Answer): Promise<URL> => {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    answer(stream, headers);
  });
  return listening(server, 'http');
};
const withTrailers = (stream: ServerHttp2Stream, body: Buffer, status = '0'): void => {
  stream.respond(grpc, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': status });
  });
  stream.end(body);
};
const client = (url: URL): GrpcHealth => {
  const health = new GrpcHealth(url);
  closers.push(() => {
    health.destroy();
  });
  return health;
};
const ask = (health: GrpcHealth, timeoutMs = 5000, host?: string, ticket?: string) =>
  health.ask({ settings: { timeoutMs, statuses: [200] }, host, ticket });

test("gRPC's own server says SERVING, over one connection", async () => {
  const server = greeter({ replica: 'one' });
  const port = await new Promise<number>((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => {
      resolve(bound);
    });
  });
  closers.push(() => {
    server.forceShutdown();
  });
  const health = client(new URL(`http://127.0.0.1:${port}/grpc.health.v1.Health/Check`));
  expect(health.isOpen).toBe(false);
  const passed = { outcome: 'passed', report: { status: 200, grpc: 'SERVING' } };
  expect(await ask(health)).toEqual(passed);
  expect(await ask(health)).toEqual(passed);
  expect(health.isOpen).toBe(true);
  const unknown = client(new URL(`http://127.0.0.1:${port}/grpc.health.v1.Health/Chock`));
  expect(await ask(unknown)).toEqual({ outcome: 'failed', report: { status: 200, grpc: 'UNIMPLEMENTED' } });
});

test('the probe carries its ticket, its name and the Host of whoever waits', async () => {
  const seen: Record<string, unknown>[] = [];
  const url = await answering((stream, headers) => {
    seen.push(headers);
    withTrailers(stream, SERVING);
  });
  const health = client(url);
  await ask(health, 5000, 'shop.example', 'ticket-1');
  await ask(health);
  expect(seen).toMatchObject([
    {
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      ':authority': 'shop.example',
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-serverless-probe': 'ticket-1',
    },
    { ':authority': url.host },
  ]);
  expect(seen[1]).not.toHaveProperty('x-serverless-probe');
});

test.each<[string, Answer, object]>([
  [
    'NOT_SERVING',
    (stream) => {
      withTrailers(stream, Buffer.from([0, 0, 0, 0, 2, 8, 2]));
    },
    { status: 200, grpc: 'NOT_SERVING' },
  ],
  [
    'no status at all',
    (stream) => {
      withTrailers(stream, Buffer.alloc(5));
    },
    { status: 200, grpc: 'UNKNOWN' },
  ],
  [
    'UNAVAILABLE in trailers alone',
    (stream) => {
      stream.respond({ ...grpc, 'grpc-status': '14' }, { endStream: true });
    },
    { status: 200, grpc: 'UNAVAILABLE' },
  ],
  [
    'a status that nobody knows',
    (stream) => {
      withTrailers(stream, Buffer.alloc(0), '99');
    },
    { status: 200, grpc: 'status 99' },
  ],
  [
    '503 of the gateway itself',
    (stream) => {
      stream.respond({ ':status': 503 });
      stream.end('{"message":"no"}');
    },
    { status: 503 },
  ],
  [
    'an answer that does not end',
    (stream) => {
      stream.respond(grpc);
      stream.write(Buffer.alloc(200));
    },
    { status: 200 },
  ],
])('%s does not pass', async (_, answer, report) => {
  expect(await ask(client(await answering(answer)))).toEqual({ outcome: 'failed', report });
});

test('nobody listens: the reason, and the next probe connects anew', async () => {
  const server = net.createServer();
  const url = await listening(server, 'http');
  await new Promise((resolve) => server.close(resolve));
  const health = client(url);
  const answer = await ask(health);
  expect(answer).toMatchObject({
    outcome: 'unanswered',
    report: { error: expect.stringMatching(/^ECONNREFUSED: /) as string },
  });
  expect(health.isOpen).toBe(false);
  const again = createServer();
  again.on('stream', (stream) => {
    withTrailers(stream, SERVING);
  });
  await new Promise<void>((resolve) => again.listen(Number(url.port), '127.0.0.1', resolve));
  closers.push(() => again.close());
  expect(await ask(health)).toMatchObject({ outcome: 'passed' });
});

test('a server that takes no more on one connection is asked by another', async () => {
  const sessions = new Set<unknown>();
  const url = await answering((stream) => {
    sessions.add(stream.session);
    withTrailers(stream, SERVING);
    stream.session!.goaway(0);
  });
  const health = client(url);
  for (let n = 0; n < 3; n += 1) expect(await ask(health)).toMatchObject({ outcome: 'passed' });
  expect(sessions.size).toBe(3);
});

test('a connection that breaks before the answer', async () => {
  const url = await answering((stream) => {
    stream.session!.destroy();
  });
  expect(await ask(client(url))).toMatchObject({
    outcome: 'unanswered',
    report: { error: expect.any(String) as string },
  });
});

test('one that does not answer in time is timed out, also where it does not even speak HTTP/2', async () => {
  const health = client(await answering(() => undefined));
  const timedOut = { outcome: 'timed-out', report: { error: 'ETIMEDOUT: no answer within 50 ms' } };
  expect(await ask(health, 50)).toEqual(timedOut);
  expect(health.isOpen).toBe(true);
  const silent = client(await listening(net.createServer(), 'https'));
  expect(await ask(silent, 50)).toEqual(timedOut);
  expect(silent.isOpen).toBe(false);
});

test("the gateway's certificate is not checked on loopback", async () => {
  const server = createSecureServer({ key: KEY, cert: CERTIFICATE });
  server.on('stream', (stream) => {
    withTrailers(stream, SERVING);
  });
  expect(await ask(client(await listening(server, 'https')))).toMatchObject({ outcome: 'passed' });
});

test('after the end nothing is asked any more', async () => {
  const health = client(
    await answering((stream) => {
      withTrailers(stream, SERVING);
    }),
  );
  health.destroy();
  expect(await ask(health)).toMatchObject({ outcome: 'unanswered' });
});
