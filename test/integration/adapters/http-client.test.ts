import http from 'node:http';
import { ConnectionPool } from '../../../src/adapters/connection-pool';
import { HttpFailure, request } from '../../../src/adapters/http-client';
import type { Listening } from './gateway';
import { listen, until } from './gateway';

let server: Listening;
let handler: http.RequestListener;

beforeEach(async () => {
  handler = (_request, response) => response.end('ok');
  server = await listen(
    http.createServer((incoming, response) => {
      handler(incoming, response);
    }),
  );
});

afterEach(() => server.close());

const get = (options: Partial<Parameters<typeof request>[0]> = {}) =>
  request({ method: 'GET', url: server.url, timeoutMs: 2000, maxBytes: 1024, ...options });

async function failure(promise: Promise<unknown>): Promise<HttpFailure> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HttpFailure);
  return error as HttpFailure;
}

test('an exchange gives status, headers by lower-case name, and body', async () => {
  handler = (_request, response) => response.writeHead(418, { 'X-Kind': 'Teapot' }).end('short and stout');
  expect(await get()).toMatchObject({ status: 418, headers: { 'x-kind': 'Teapot' }, body: 'short and stout' });
});

test('a body is read up to the bound, and the connection of a longer one is closed', async () => {
  handler = (_request, response) => response.end('x'.repeat(1_000_000));
  const pool = new ConnectionPool(server.url, 1);
  const { body } = await get({ maxBytes: 10, pool });
  expect(body).toBe('xxxxxxxxxx');
  await until(() => server.sockets.size === 0);
  pool.destroy();
});

test('a text is sent as it is, with its length', async () => {
  let received = '';
  let length: string | undefined;
  handler = (incoming, response) => {
    length = incoming.headers['content-length'];
    incoming.on('data', (chunk: Buffer) => (received += chunk.toString()));
    incoming.on('end', () => response.end());
  };
  await get({ method: 'POST', body: '{"ä": 1}', headers: { 'Content-Type': 'application/json' } });
  expect([received, length]).toEqual(['{"ä": 1}', '9']);
});

test('a proxy in the environment is not used', async () => {
  const before = process.env;
  process.env = { ...before, http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1', no_proxy: '' };
  try {
    expect(await get()).toMatchObject({ status: 200 });
  } finally {
    process.env = before;
  }
});

test('a compressed body is not unpacked', async () => {
  handler = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip');
  expect(await get()).toMatchObject({ status: 200, body: 'not gzip' });
});

test('a timeout says how long it was', async () => {
  handler = () => undefined;
  const error = await failure(get({ timeoutMs: 40 }));
  expect([error.code, error.message]).toEqual(['ETIMEDOUT', 'no answer within 40 ms']);
});

test('a failure has a code and a text, whatever failed', async () => {
  const error = await failure(get({ url: 'gopher://127.0.0.1/' }));
  expect(error.code).not.toBe('');
  expect(error.message).not.toBe('');
});

test('an exchange leaves no timer and no connection of its own', async () => {
  handler = (_request, response) => response.writeHead(200, { connection: 'close' }).end();
  const [set, cleared] = [jest.spyOn(global, 'setTimeout'), jest.spyOn(global, 'clearTimeout')];
  await get({ timeoutMs: 123_457 });
  const ours = set.mock.results.find((_result, call) => set.mock.calls[call]![1] === 123_457);
  expect(cleared).toHaveBeenCalledWith(ours!.value);
  jest.restoreAllMocks();
  await until(() => server.sockets.size === 0);
});

describe('a pool', () => {
  test('keeps its connections, and no more than it may', async () => {
    const pool = new ConnectionPool(server.url, 2);
    await Promise.all(Array.from({ length: 10 }, () => get({ pool })));
    expect(server.connections()).toBe(2);
    pool.destroy();
    await until(() => server.sockets.size === 0);
  });

  test('that was destroyed before its first use keeps nothing open', async () => {
    const pool = new ConnectionPool(server.url, 1);
    pool.destroy();
    expect(await get({ pool })).toMatchObject({ status: 200 });
    pool.destroy();
    await until(() => server.sockets.size === 0);
  });

  test.each([
    ['https://127.0.0.1:8443', false],
    ['https://localhost:8443', false],
    ['https://[::1]:8443', false],
    ['https://gateway.example.com', true],
    ['https://localhost.example.com', true],
    ['https://127.example.com', true],
  ])('of %s asks for a certificate: %j', async (url, asks) => {
    const agent = await new ConnectionPool(url, 1).agent();
    expect(agent).toHaveProperty('options.rejectUnauthorized', asks);
  });
});
