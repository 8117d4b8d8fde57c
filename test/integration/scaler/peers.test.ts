import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../../src/adapters/clock';
import { otherAddresses, Peers } from '../../../src/scaler/peers';
import { until } from '../../../real-parts/wait';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Got {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const replica = async (): Promise<{ port: number; got: Got[] }> => {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push({ url: request.url, headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, got };
};

const PUBLISH = { path: '/v1.0/publish/kong/foo?metadata.ttlInSeconds=30', body: '{"requests":1}' };
const quiet = (): void => undefined;
const peers = (
  port: number,
  find: typeof otherAddresses,
  warn: (facts: object, sentence: string) => void = quiet,
): Peers =>
  new Peers({ host: 'all', port }, 'hunter2', systemClock, { debug: quiet, info: quiet, error: quiet, warn }, find);

test('each of the others is told what one was told, as something that is passed on', async () => {
  const { port, got } = await replica();
  const asked: string[] = [];
  const all = peers(port, (host) => {
    asked.push(host);
    return Promise.resolve(['127.0.0.1', '127.0.0.1']);
  });
  all.forward(PUBLISH);
  await until('both are told', () => got.length === 2);
  expect(got[0]).toMatchObject({
    url: PUBLISH.path,
    body: PUBLISH.body,
    headers: { 'x-serverless-forwarded': '1', 'dapr-api-token': 'hunter2' },
  });
  all.forward(PUBLISH);
  await until('and again', () => got.length === 4);
  // Names are not asked for with every message.
  expect(asked).toEqual(['all']);
});

test('one that is gone, and a name that nobody knows, cost a line in the log', async () => {
  const warnings: string[] = [];
  const warn = (_: object, sentence: string): void => void warnings.push(sentence);
  const { port } = await replica();
  servers[0]!.close();
  peers(port, () => Promise.resolve(['127.0.0.1']), warn).forward(PUBLISH);
  await until('it is said', () => warnings.length === 1);
  expect(warnings[0]).toMatch(/another replica did not take a message: /);
  peers(port, () => Promise.reject(new Error('ENOTFOUND')), warn).forward(PUBLISH);
  await until('it is said', () => warnings.length === 2);
  expect(warnings[1]).toMatch(/cannot be found/);
});

test('one does not tell itself', async () => {
  expect(await otherAddresses('localhost')).toEqual([]);
});
