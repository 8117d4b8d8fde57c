import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { lastAnswer } from '../../../src/rpc/close-notice';
import { examinations } from '../../../src/doctor/checks/index';
import { pluginSocket } from '../../../src/doctor/checks/plugin-socket';
import { runDoctor } from '../../../src/doctor/doctor-command';
import { askPluginServer } from '../../../src/doctor/plugin-server';
import { ServerRig } from '../../unit/server/server-rig';
import { freePort } from '../../../real-parts/ports';
import { until } from '../../../real-parts/wait';
import { ScalerRig } from '../../support/scaler-rig';
import { stopAll } from '../../support/suite';
import { says } from '../../unit/doctor/surroundings';

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(argv: readonly string[], env: Record<string, string> = {}): Promise<Output> {
  const out = { code: 0, stdout: '', stderr: '' };
  out.code = await runDoctor(argv, {
    stdout: (text) => (out.stdout += text),
    stderr: (text) => (out.stderr += text),
    env,
    stdin: () => '',
  });
  return out;
}

const servers: Server[] = [];
async function listen(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let folder: string;
let rig: ServerRig;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  rig = await new ServerRig(() => undefined).start();
});
afterEach(stopAll(() => [rig]));
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A gateway's surroundings in which everything is in order, as the options that lead to them. */
async function healthy(): Promise<string[]> {
  const gateway = await listen((_, response) => response.writeHead(400, { server: 'kong/2.8.1' }).end());
  const status = await listen((_, response) => response.end('ok'));
  const dapr = await listen((request, response) => {
    if (request.url === '/v1.0/metadata') {
      response.end(JSON.stringify({ id: 'serverless', components: [{ name: 'plugin', type: 'pubsub.rabbitmq' }] }));
    } else response.writeHead(204).end();
  });
  const rabbit = await listen((request, response) => {
    const url = request.url ?? '';
    if (request.headers.authorization !== `Basic ${Buffer.from('me:p@ss').toString('base64')}`)
      response.writeHead(401).end();
    else if (request.headers['accept-encoding'] !== 'identity') response.end(gzipSync('{}'));
    else if (url.endsWith('/bindings/source')) response.end('[{"destination": "q", "destination_type": "queue"}]');
    else if (url.includes('/queues/')) response.end('{"arguments": {"x-message-ttl": 30000}}');
    else response.end('{"durable": true, "auto_delete": false}');
  });
  writeFileSync(join(folder, 'nginx.conf'), 'worker_connections 16384;\nlua_check_client_abort off;\n');
  writeFileSync(
    join(folder, 'plugin.yaml'),
    'kind: KongPlugin\nplugin: serverless\nconfig:\n  max_held: 10\n  backend: [{target: /a, pubsub: plugin, topic: t}]\n',
  );
  return [
    ...['--gateway-url', gateway, '--status-listen', status.slice('http://'.length), '--dapr-http-endpoint', dapr],
    ...['--rabbitmq-management-url', rabbit.replace('//', '//me:p%40ss@'), '--config', join(folder, 'plugin.yaml')],
    ...['--socket', rig.path, '--kong-prefix', folder, '--publish', 'plugin/t'],
  ];
}

test('everything in order: exit 0, progress on standard error, each finding on standard output', async () => {
  const { code, stdout, stderr } = await run(await healthy());
  expect(stdout).not.toContain('ERROR');
  expect(code).toBe(0);
  for (const line of [
    'gateway: ',
    `plugin-socket: ${rig.path} answers for serverless.`,
    'dapr-components: The sidecar of "serverless" has loaded plugin (pubsub.rabbitmq).',
    'test-publish: plugin/t took a message (TTL 1 s) after ',
    'rabbitmq-queue: "t" leads to queue "q" (0 messages, TTL 30000 ms).',
    'client-abort: lua_check_client_abort is off.',
  ]) {
    expect(stdout).toContain(`ok       ${line}`);
  }
  expect(stdout).toMatch(/\d+ in order, \d+ to look at, 0 wrong, \d+ not looked at\.\n$/);
  expect(stderr.split('\n')).toHaveLength(examinations.length + 1);
});

test('nothing there: exit 1, and each finding says why it matters and what to do', async () => {
  const dead = await listen(() => undefined);
  servers[0]?.close();
  await once(servers[0] as Server, 'close');
  const { code, stdout } = await run([
    ...['--gateway-url', dead, '--dapr-http-endpoint', dead, '--status-listen', dead.slice('http://'.length)],
    ...['--kong-prefix', folder],
  ]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^ERROR {4}gateway: .*ECONNREFUSED.*\n {9}Why: .*\n {9}Fix: .*\nERROR {4}plugin-socket: .*ENOENT/,
  );
  expect(stdout).toMatch(/ 3 wrong, /);
});

test('-o json is one JSON object, and the password of the broker is nowhere', async () => {
  const { stdout, stderr } = await run([...(await healthy()), '-o', 'json']);
  const report = JSON.parse(stdout) as { findings: { check: string }[]; summary: Record<string, number> };
  expect(new Set(report.findings.map(({ check }) => check))).toEqual(new Set(examinations.map(({ id }) => id)));
  expect(report.summary).toMatchObject({ error: 0 });
  expect(stdout + stderr).not.toMatch(/p@ss|p%40ss/);
});

describe('the socket', () => {
  let server: ReturnType<typeof createServer> | undefined;
  const sockets = new Set<Socket>();
  const path = (): string => join(folder, 's');
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server?.close();
  });
  async function answering(answer: (socket: Socket) => void): Promise<string> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.once('data', () => {
        answer(socket);
      });
    }).listen(path());
    await once(server, 'listening');
    return path();
  }

  test('of a server that is alive tells its status', async () => {
    await expect(askPluginServer(rig.path, 5000)).resolves.toMatchObject({ Plugins: { serverless: {} } });
  });

  test('of a server that shuts down tells its status, too: the answer has a close notice behind it', async () => {
    const answer = encode([1, 1, null, { Plugins: { serverless: {} } }]);
    const socketPath = await answering((socket) => socket.write(lastAnswer(answer) ?? ''));
    await expect(askPluginServer(socketPath, 5000)).resolves.toMatchObject({ Plugins: { serverless: {} } });
  });

  test('of another plugin server is not ours', async () => {
    const socketPath = await answering((socket) => socket.end(encode([1, 1, null, { Plugins: { other: {} } }])));
    expect(await says(pluginSocket, { socketPath })).toEqual([
      `error: ${socketPath} answers for other, not for serverless.`,
    ]);
  });

  test('with nothing behind it has no plugin', async () => {
    const socketPath = await answering((socket) => socket.end(encode([1, 1, null, null])));
    expect(await says(pluginSocket, { socketPath })).toEqual([
      `error: ${socketPath} answers for no plugin, not for serverless.`,
    ]);
  });

  test.each<[string, (socket: Socket) => void, string]>([
    ['an error', (socket) => socket.end(encode([1, 1, 'no such method', null])), 'is not one of a plugin server'],
    ['text', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'is not one of a plugin server'],
    ['bytes that mean nothing', (socket) => socket.end(Buffer.from([0x94, 0xc1])), 'is not one of a plugin server'],
    ['another array', (socket) => socket.end(encode([1, 2])), 'is not one of a plugin server'],
    ['the end of the connection', (socket) => socket.end(), 'closed without an answer'],
    ['half an answer', (socket) => socket.write(encode([1, 1, null, {}]).subarray(0, 2)), 'no answer within 50 ms'],
  ])('that answers with %s is not alive', async (_, answer, message) => {
    await expect(askPluginServer(await answering(answer), 50)).rejects.toThrow(message);
  });

  test('an answer in pieces is one', async () => {
    const bytes = encode([1, 1, null, { Plugins: { serverless: {} } }]);
    const socketPath = await answering((socket) => {
      socket.write(bytes.subarray(0, 5));
      setImmediate(() => socket.end(bytes.subarray(5)));
    });
    await expect(askPluginServer(socketPath, 5000)).resolves.toEqual({ Plugins: { serverless: {} } });
  });
});

describe('a scaler that tells KEDA', () => {
  const scalers: ScalerRig[] = [];
  afterEach(stopAll(() => scalers.splice(0).map((one) => ({ stop: () => one.stop().then(() => undefined) }))));
  const TOKEN = { SERVERLESS_SCALER_TOKEN: 'hunter2' };
  const start = async (...args: readonly string[]): Promise<ScalerRig> => {
    const scaler = await ScalerRig.here(args, TOKEN);
    scalers.push(scaler);
    return scaler;
  };
  const lines = async (argv: readonly string[], token = 'hunter2'): Promise<string[]> => {
    const { stdout } = await run(['--kong-prefix', folder, ...argv], { DAPR_API_TOKEN: token });
    return stdout.split('\n').filter((line) => /^\S+ +(dapr|push)/.test(line));
  };

  test('in place of Dapr: ready, without a Component, and KEDA listens for the topic or does not', async () => {
    const scaler = await start();
    const at = ['--dapr-http-endpoint', scaler.url, '--publish', 'kong/foo'];
    const before = await lines(at);
    expect(before).toEqual([
      `ok       dapr-health: ${scaler.url} is ready.`,
      `-        dapr-components: ${scaler.url} is a scaler, which needs no Component: see push-stream.`,
      'WARNING  push-stream: No stream of KEDA is open for "foo" of "kong", on this replica; none is.',
    ]);
    const stream = scaler.stream(scaler.keda(), 'foo');
    await scaler.publish('foo', {}, 30, { 'dapr-api-token': 'hunter2' });
    await until('it is open', () => stream.pushed.length > 0);
    expect(await lines(at)).toContainEqual(
      expect.stringMatching(
        /^ok {7}push-stream: KEDA listens for "foo" of "kong", on this replica: ScaledObject default\/foo; a message came \d\.\d s ago\.$/,
      ),
    );
    expect(await lines(at, 'hunter3')).toContain(
      `ERROR    push-stream: ${scaler.url}: the scaler wants another token.`,
    );
  });

  test('of several replicas each is asked', async () => {
    const port = await freePort();
    const peers = ['--peers', `localhost:${port}`];
    const scaler = await start('--http-listen', `127.0.0.1:${port}`, ...peers);
    scaler.stream(scaler.keda(), 'foo');
    const at = ['--scaler-url', `${scaler.url}/`, '--publish', 'kong/bar'];
    await until('it is open', async () => (await lines(at)).join().includes('default/foo'));
    // Where localhost has an address of IPv6, too, nobody is there.
    expect(await lines(at)).toContainEqual(
      expect.stringMatching(
        /No stream of KEDA is open for "bar" of "kong", on .*replica; open is default\/foo \(kong\/foo\)\.$/,
      ),
    );
  });

  test('that is not there', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    expect(await lines(['--scaler-url', nowhere])).toContainEqual(
      expect.stringMatching(/^ERROR {4}push-stream: .*ECONNREFUSED/),
    );
  });
});

test("Kong's environment says where its socket is", async () => {
  const { stdout } = await run(['--kong-prefix', folder], { KONG_PLUGINSERVER_SERVERLESS_SOCKET: rig.path });
  expect(stdout).toContain(`plugin-socket: ${rig.path} answers for serverless.`);
});

test('--help lists the options', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  for (const option of ['--publish', '--rabbitmq-management-url', '--dapr-http-port', '--config'])
    expect(stdout).toContain(option);
  expect(stdout).not.toContain('--log-level');
});

test.each([
  [['--what'], "Unknown option '--what'"],
  [['now'], "Unknown argument 'now'"],
  [['--publish', 'plugin'], "--publish: 'plugin'"],
  [['-o', 'xml'], "'xml' is no format"],
  [['--dapr-http-port', 'x'], '--dapr-http-port'],
  [['--config', '/nowhere.yaml'], '--config: cannot read /nowhere.yaml'],
  [['--config', __filename], 'no KongPlugin with backends'],
  [['--scaler-url', 'serverless-scaler:9091'], "--scaler-url: 'serverless-scaler:9091': write a URL"],
  [['--rabbitmq-management-url', 'amqp://u:secret@h'], '--rabbitmq-management-url: write a URL'],
])('%j: exit 2 and a message that names it', async (argv, message) => {
  const { code, stdout, stderr } = await run(argv);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('secret');
  expect(stdout).toBe('');
});
