import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { root } from '../../unit/manifests/documents';

interface Call {
  readonly what: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** RabbitMQ's management API, as far as the script asks for it: takes everything but what `refuse` names. */
class Broker {
  readonly calls: Call[] = [];
  refuse = '';
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const what = `${request.method} ${request.url}`;
      this.calls.push({ what, authorization: request.headers.authorization, body: JSON.parse(text) });
      const refused = what === this.refuse;
      response.writeHead(refused ? 400 : 201).end(refused ? '{"reason":"inequivalent arg"}' : '');
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://user:p%40ss@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const declare = async (url: string): Promise<{ code: number | null; output: string }> => {
  const folder = join(root, 'manifests/rabbitmq');
  const child = spawn(process.execPath, [join(folder, 'topology.mjs'), join(folder, 'definitions.json')], {
    env: { MANAGEMENT_URL: url },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
};

describe('the topology job', () => {
  const broker = new Broker();
  let url: string;
  beforeAll(async () => {
    url = await broker.open();
  });
  afterAll(() => broker.close());
  beforeEach(() => {
    broker.calls.length = 0;
    broker.refuse = '';
  });

  test('declares exchanges before queues before bindings, as the user of its URL', async () => {
    expect((await declare(url)).code).toBe(0);
    const kinds = broker.calls.map(({ what }) => what.split('/')[2]);
    expect(kinds).toEqual([...kinds].sort((a, b) => order.indexOf(a!) - order.indexOf(b!)));
    expect(new Set(broker.calls.map(({ authorization }) => authorization))).toEqual(
      new Set([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]),
    );
    expect(broker.calls).toContainEqual(
      expect.objectContaining({
        what: 'PUT /api/queues/%2F/serverless',
        body: { durable: true, auto_delete: false, arguments: { 'x-message-ttl': 30_000 } },
      }),
    );
    expect(broker.calls).toContainEqual(
      expect.objectContaining({
        what: 'POST /api/bindings/%2F/e/serverless/q/serverless',
        body: { routing_key: '', arguments: {} },
      }),
    );
  });

  test('fails, names the queue and goes on when the broker has it with other settings', async () => {
    broker.refuse = 'PUT /api/queues/%2F/serverless';
    const { code, output } = await declare(url);
    expect(code).toBe(1);
    expect(output).toContain('400 PUT /api/queues/%2F/serverless {"reason":"inequivalent arg"}');
    expect(broker.calls.at(-1)!.what).toContain('/api/bindings/');
  });
});

const order = ['exchanges', 'queues', 'bindings'];
