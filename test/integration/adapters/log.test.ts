import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import http from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { freePort } from '../../../real-parts/ports';
import { until } from '../../../real-parts/wait';
import { FakeDapr } from '../../support/fake-dapr';
import { type PhaseResult, RpcClient } from '../../support/rpc-client';
import { TempFolder } from '../../unit/server/server-rig';
import type { Listening } from './gateway';
import { listen } from './gateway';

/** The executable, whose standard error cannot be written, or is not read: what becomes of the requests that it holds. */
const root = resolve(__dirname, '../../..');
const folder = new TempFolder();
const serverless = folder.file('serverless.js');

jest.setTimeout(60_000);

let gateway: Listening;
/** Whether the backend's health path answers 200. */
let isUp: boolean;
let dapr: FakeDapr;
let child: ChildProcess | undefined;
let client: RpcClient | undefined;
let statusPort: number;
const descriptors: number[] = [];
const sockets: Socket[] = [];

beforeAll(() => {
  const options = ['--bundle', '--platform=node', '--target=node20.19', '--log-level=error', `--outfile=${serverless}`];
  execFileSync(join(root, 'node_modules/.bin/esbuild'), [join(root, 'src/bin/serverless.ts'), ...options]);
});

beforeEach(async () => {
  isUp = false;
  dapr = await FakeDapr.start();
  // Each message that Dapr does not take is worth a line.
  dapr.answer = { status: 500 };
  gateway = await listen(http.createServer((_request, response) => response.writeHead(isUp ? 200 : 503).end()));
});

afterEach(async () => {
  await client?.close();
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  for (const socket of sockets.splice(0)) socket.destroy();
  await dapr.stop();
  await gateway.close();
});
afterAll(() => {
  folder.remove();
});

/** Starts the executable with this as its standard error, and connects to it as one nginx worker does. */
async function start(stderr: number | Socket, level = 'info'): Promise<{ process: ChildProcess; client: RpcClient }> {
  statusPort = await freePort();
  const socket = folder.file('serverless.socket');
  const args = ['serve', '--socket', socket, '--gateway-url', gateway.url, '--dapr-http-port', String(dapr.port)];
  child = spawn(
    process.execPath,
    [serverless, ...args, '--status-listen', `127.0.0.1:${statusPort}`, '--log-level', level],
    {
      stdio: ['ignore', 'ignore', stderr],
      env: {},
    },
  );
  await until('the server listens', () => connects(socket));
  client = new RpcClient(socket);
  return { process: child, client };
}

/** Whether somebody listens on the socket. */
async function connects(path: string): Promise<boolean> {
  const socket = connect(path);
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return connected;
}

const config = (holdMs: number): object => ({
  count: 1,
  interval: 100,
  hold_timeout: holdMs,
  backend: [{ target: '/kong', health: '/healthz', pubsub: 'p', topic: 't' }],
});

const PDK = {
  'nginx.get_var': () => 12,
  'request.get_path': () => '/kong/',
  'request.get_header': () => undefined,
  'response.set_header': () => undefined,
};

/** Requests for a backend that sleeps: three time out, and of three more that wait it wakes up for. */
async function expectHoldAndWake(client: RpcClient): Promise<void> {
  const request = async (holdMs: number): Promise<PhaseResult> =>
    client.handleEvent(await client.startInstance('serverless', config(holdMs)), PDK);
  const refused = await Promise.all([request(1000), request(1000), request(1000)]);
  for (const { exit } of refused) {
    expect(exit).toMatchObject({ status: 503, body: expect.stringContaining('SERVERLESS_HOLD_TIMEOUT') });
  }
  const held = [request(30_000), request(30_000), request(30_000)];
  await until('a wake-up is published', () => dapr.messages('cold-start').length > 0);
  dapr.answer = { status: 204 };
  const before = dapr.published.length;
  await until('it is published again', () => dapr.published.length > before);
  isUp = true;
  for (const { exit, calls } of await Promise.all(held)) {
    expect(exit).toBeUndefined();
    expect(calls.map(({ method }) => method)).toContain('kong.response.set_header');
  }
}

async function expectExit(process: ChildProcess): Promise<void> {
  const exited = once(process, 'exit');
  process.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
}

/** Calls that are each worth a line at level debug, 2000 in all. */
async function flood(client: RpcClient): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    const calls = Array.from({ length: 100 }, () => client.call(`nothing.${'x'.repeat(200)}`, 0));
    await Promise.all(calls.map((call) => expect(call).rejects.toThrow('no method nothing')));
  }
}

/** A pipe that nobody reads, and its end to read from all the same. */
function pipe(): { readonly end: number; readonly fd: number } {
  const path = folder.file(`pipe-${descriptors.length}-${performance.now()}`);
  execFileSync('mkfifo', [path]);
  // Opened for both, so that opening it to write does not wait for a reader.
  const end = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY);
  descriptors.push(end, fd);
  return { end, fd };
}

/** Fills a pipe to the brim. */
function fill(fd: number): void {
  try {
    for (;;) writeSync(fd, `${'.'.repeat(99)}\n`);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
  }
}

/** All that is in a pipe. */
function drain(fd: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  try {
    for (;;) text += chunk.toString('utf8', 0, readSync(fd, chunk));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
  }
  return text;
}

test('a full disk: requests are answered in time, and the process ends when it is told to', async () => {
  const full = openSync('/dev/full', 'w');
  descriptors.push(full);
  const { process, client } = await start(full);
  await expectHoldAndWake(client);
  await expectExit(process);
});

test('a full pipe that nobody reads: the same', async () => {
  const { end, fd } = pipe();
  fill(end);
  const { process, client } = await start(fd);
  await expectHoldAndWake(client);
  await expectExit(process);
});

test('a pipe without a reader: the same', async () => {
  const { end, fd } = pipe();
  closeSync(descriptors.splice(descriptors.indexOf(end), 1)[0]!);
  const { process, client } = await start(fd);
  await expectHoldAndWake(client);
  await expectExit(process);
});

test('a socket, as from systemd, whose other end does not read: the same', async () => {
  const server = createServer((socket) => sockets.push(socket.pause())).listen(folder.file('journal'));
  await once(server, 'listening');
  const stderr = connect(folder.file('journal'));
  sockets.push(stderr);
  await once(stderr, 'connect');
  const { process, client } = await start(stderr, 'debug');
  await flood(client);
  await expectHoldAndWake(client);
  await expectExit(process);
  server.close();
});

test('a file has every line, as JSON, and the last one too', async () => {
  const file = folder.file('log');
  const fd = openSync(file, 'w');
  descriptors.push(fd);
  const { process, client } = await start(fd);
  await expectHoldAndWake(client);
  await expectExit(process);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toContain('cold start');
  expect(messages.at(-1)).toBe('shut down');
});

test('lines that nobody reads are dropped and counted, and their number is written once there is a reader', async () => {
  const { end, fd } = pipe();
  const { process, client } = await start(fd, 'debug');
  await flood(client);
  let text = drain(end);
  await until('the loss is reported', () => (text += drain(end)).includes('log lines were dropped'));
  const dropped = Number(/"dropped":(\d+)/.exec(text)![1]);
  expect(dropped).toBeGreaterThan(0);
  expect(text).toContain(`${dropped} log lines were dropped`);
  const written = text.split('a call of Kong is answered with an error').length - 1;
  expect(written + dropped).toBe(2000);
  const metrics = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text();
  expect(metrics).toContain(`serverless_log_lines_dropped_total ${dropped}\n`);
  await expectExit(process);
});
