import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../real-parts/wait';
import { root } from '../../unit/manifests/documents';

interface Message {
  readonly id: number;
  readonly enqueuedAt: number;
  readonly ttlMs: number;
  deliveries: number;
}

/** After so many deliveries Service Bus takes a message away, unless told otherwise. */
const MAX_DELIVERIES = 10;

/**
 * Service Bus and the sign-in, as far as the sweeper asks for them. As Microsoft's pages say, an expired message is counted until
 * somebody receives.
 */
class ServiceBus {
  readonly queues = new Map<string, Message[]>();
  readonly calls: string[] = [];
  readonly signIns: URLSearchParams[] = [];
  /** Answers so many of the next receives with 500. */
  failing = 0;
  #lastId = 0;
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      this.#answer(request, body, response);
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  publish(queue: string, ttlMs: number): Message {
    const message = { id: ++this.#lastId, enqueuedAt: Date.now(), ttlMs, deliveries: 0 };
    this.queues.set(queue, [...(this.queues.get(queue) ?? []), message]);
    return message;
  }

  /** What KEDA would be told. */
  depth(queue: string): number {
    return this.queues.get(queue)?.length ?? 0;
  }

  #answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://bus');
    if (url.pathname === '/tenant/oauth2/v2.0/token') {
      this.signIns.push(new URLSearchParams(body));
      response.end(JSON.stringify({ access_token: 'secret', expires_in: 3600 }));
      return;
    }
    this.calls.push(`${request.method} ${url.pathname} ${request.headers.authorization}`);
    if (request.method === 'PUT') response.end();
    else this.#receive(url.pathname.replace(/^\/|\/messages\/head$/g, ''), request.headers.host ?? '', response);
  }

  #receive(queue: string, host: string, response: ServerResponse): void {
    if (this.failing > 0) {
      this.failing -= 1;
      response.writeHead(500).end('no');
      return;
    }
    const now = Date.now();
    const alive = (this.queues.get(queue) ?? []).filter(({ enqueuedAt, ttlMs }) => enqueuedAt + ttlMs > now);
    const [head] = alive;
    if (head !== undefined) head.deliveries += 1;
    this.queues.set(
      queue,
      alive.filter(({ deliveries }) => deliveries < MAX_DELIVERIES),
    );
    if (head === undefined) response.writeHead(204).end();
    else {
      const EnqueuedTimeUtc = new Date(head.enqueuedAt).toUTCString();
      response.writeHead(201, {
        location: `http://${host}/${queue}/messages/${head.id}/lock-${head.id}`,
        brokerproperties: JSON.stringify({ EnqueuedTimeUtc, TimeToLive: head.ttlMs / 1000, SequenceNumber: head.id }),
      });
      response.end('{}');
    }
  }
}

describe('the sweeper of Service Bus', () => {
  let bus: ServiceBus;
  let folder: string;
  let child: ChildProcess;
  let output = '';

  const start = async (queues: string): Promise<void> => {
    const url = await bus.open();
    const file = join(folder, 'token');
    writeFileSync(file, 'federated\n');
    child = spawn(process.execPath, [join(root, 'keda/servicebus/sweeper.mjs')], {
      env: {
        ...{ SERVICE_BUS: url, QUEUES: queues, PERIOD: '0.2' },
        ...{ AZURE_AUTHORITY_HOST: `${url}/`, AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' },
        AZURE_FEDERATED_TOKEN_FILE: file,
      },
    });
    output = '';
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  };

  beforeEach(() => {
    bus = new ServiceBus();
    folder = mkdtempSync(join(tmpdir(), 'sweeper-'));
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await bus.close();
    rmSync(folder, { recursive: true });
  });

  test('expired messages leave a queue that nobody consumes, and live ones stay, given back after one delivery', async () => {
    for (let i = 0; i < 20; i += 1) bus.publish('serverless', 0);
    const live = bus.publish('serverless', 60_000);
    bus.publish('other', 0);
    await start('serverless  other');
    await until('both queues are swept', () => bus.depth('serverless') === 1 && bus.depth('other') === 0);
    await until('the live one is given back', () => bus.calls.some((call) => call.startsWith('PUT ')));

    expect(bus.calls).toContain(`PUT /serverless/messages/${live.id}/lock-${live.id} Bearer secret`);
    await until('the empty one is looked at again', () => bus.calls.filter((call) => /other/.test(call)).length > 5);
    expect(live.deliveries).toBe(1);
  });

  test('a message is delivered when it comes and dropped when its time is over, long before its deliveries are used up', async () => {
    await start('serverless');
    await until('the empty queue is looked at', () => bus.calls.length > 0);
    const message = bus.publish('serverless', 2000);
    await until('it is gone', () => bus.depth('serverless') === 0);

    expect(Date.now() - message.enqueuedAt).toBeGreaterThan(1900);
    expect(message.deliveries).toBeLessThanOrEqual(3);
  }, 15_000);

  test('it signs in once, by the identity of its pod, and goes on after an error, which it names', async () => {
    bus.failing = 2;
    bus.publish('serverless', 0);
    await start('serverless');
    await until('the queue is swept', () => bus.depth('serverless') === 0);

    expect(bus.signIns.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'client',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'federated',
        scope: 'https://servicebus.azure.net/.default',
      },
    ]);
    expect(output).toMatch(/^serverless: POST http:\S+\/serverless\/messages\/head\?timeout=1: 500 no$/m);
  });

  test('SIGTERM ends it at once', async () => {
    await start('serverless');
    await until('it works', () => bus.calls.length > 0);
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
