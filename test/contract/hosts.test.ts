import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { existsSync, mkdirSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { FakeDapr, pubsubNotFound } from '../support/fake-dapr';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { Process } from '../../real-parts/processes';
import { until } from '../../real-parts/wait';
import { type Pdk, type PhaseResult, RpcClient } from '../support/rpc-client';
import { stopAll } from '../support/suite';

const STOCK = join(projectRoot, 'node_modules/kong-pdk/bin/kong-js-pluginserver');
const TOKEN = 'a-secret-of-dapr';

const CONFIG = {
  __key__: 'plugins:serverless:…',
  count: 300,
  interval: 20,
  backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'kong-serverless-plugin', topic: 'serverless' }],
};

interface Request {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Kong's results of PDK calls about a request. */
function kongOf({ path, method = 'GET', headers = {} }: Request, pid: number): Pdk {
  return {
    'nginx.get_var': () => String(pid),
    'request.get_path': () => path,
    'request.get_method': () => method,
    'request.get_header': (name) => headers[String(name).toLowerCase()],
    'router.get_route': () => ({ paths: [`/${path.split('/')[1] ?? ''}`] }),
    'response.set_header': () => undefined,
    'service.request.clear_header': () => undefined,
  };
}

/** Kong's proxy listener in front of the plugin server, which our probes go through. */
class Gateway {
  up = false;
  readonly probes: PhaseResult[] = [];
  phase: ((request: Request) => Promise<PhaseResult>) | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((request, response) => {
    void this.#serve(request, response);
  });

  async start(): Promise<number> {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const result = await this.phase?.({ path: request.url ?? '', headers }).catch(() => undefined);
    if (result !== undefined) this.probes.push(result);
    response.writeHead(result?.exit?.status ?? (this.up ? 200 : 503)).end();
  }
}

interface Host {
  readonly name: string;
  /** Builds what it runs, into the folder; its command line. */
  readonly command: (folder: string) => string[];
  readonly socket: string;
}

const HOSTS: readonly Host[] = [
  {
    name: 'dist/serverless',
    socket: 'serverless.socket',
    command: (folder) => {
      bundle('src/bin/serverless.ts', join(folder, 'serverless.cjs'));
      return [join(folder, 'serverless.cjs'), 'serve', '-kong-prefix', folder];
    },
  },
  {
    name: 'kong-js-pluginserver',
    socket: 'js_pluginserver.sock',
    command: (folder) => {
      mkdirSync(join(folder, 'plugin'));
      bundle('src/bin/plugin-module.ts', join(folder, 'plugin', 'serverless.js'));
      return [STOCK, '-d', join(folder, 'plugin'), '-p', folder];
    },
  },
];

/** As `npm run build` does. */
function bundle(entry: string, outfile: string): void {
  const entryPoints = [join(projectRoot, entry)];
  buildSync({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
}

// On a busy machine bundling and 10 probes take longer than the default of 5 s.
jest.setTimeout(30_000);

/** Calls of one case in each host, by the case's name. */
const traces = new Map<string, Map<string, string[]>>();

const infos: unknown[] = [];

describe.each(HOSTS)('in $name', ({ name, command, socket }) => {
  let folder: string;
  let server: Process;
  let dapr: FakeDapr;
  let gateway: Gateway;
  let client: RpcClient;

  beforeAll(async () => {
    folder = makeFolder('host');
    dapr = await FakeDapr.start();
    gateway = new Gateway();
    const env = {
      SERVERLESS_GATEWAY_URL: `http://127.0.0.1:${await gateway.start()}`,
      SERVERLESS_STATUS_LISTEN: 'off',
      DAPR_HTTP_ENDPOINT: undefined,
      DAPR_HTTP_PORT: String(dapr.port),
      DAPR_API_TOKEN: TOKEN,
    };
    server = await Process.start(process.execPath, command(folder), { logFile: join(folder, 'log'), env });
    const socketPath = join(folder, socket);
    await server.becomes('listening', () => Promise.resolve(existsSync(socketPath)));
    client = new RpcClient(socketPath);
  }, 60_000);

  afterAll(stopAll(() => [client, server, gateway, dapr]));
  afterAll(() => removeFolder(folder));

  beforeEach(() => {
    gateway.up = false;
    gateway.probes.length = 0;
    dapr.published.length = 0;
    dapr.answer = { status: 204 };
  });

  let backends = 0;
  /** A configuration with a backend that the server does not know yet. */
  function config(changes: object = {}): typeof CONFIG {
    const [backend] = CONFIG.backend;
    return { ...CONFIG, backend: [{ ...backend!, target: `/kong${backends++}` }], ...changes };
  }

  /** Starts a plugin instance on a worker, which also handles the probes from now on. */
  async function start(given: object, pid = 11): Promise<(request: Request) => Promise<PhaseResult>> {
    const id = await client.startInstance('serverless', { ...given, route_id: 'a-route' });
    const run = (request: Request) => client.handleEvent(id, kongOf(request, pid));
    gateway.phase = run;
    return run;
  }

  function note({ calls }: PhaseResult): void {
    const { currentTestName = '' } = expect.getState();
    const test = currentTestName.replace(`in ${name} `, '');
    // Without the context of a log line: what is known of the backend by then depends on timing.
    const lines = calls.map(({ method, args }) => {
      return `${method} ${typeof args[0] === 'string' ? args[0].replace(/ \{"backend".*$/, '') : ''}`;
    });
    const byHost = traces.get(test) ?? new Map<string, string[]>();
    byHost.set(name, [...(byHost.get(name) ?? []), ...lines.map((line) => line.replace(/\/kong\d+/g, '/kong'))]);
    traces.set(test, byHost);
  }

  test('the plugin describes itself', async () => {
    const info = await client.call('plugin.GetPluginInfo', 'serverless');
    expect(info).toMatchObject({ Name: 'serverless', Phases: ['access'], Priority: 810 });
    infos.push(info);
  });

  test('a path that no target covers is proxied', async () => {
    const run = await start(config());
    const result = await run({ path: '/other' });
    note(result);
    expect(result.exit).toBeUndefined();
  });

  test('a cold request is held, wakes the backend once, and is released when it is up; in the end a warm one makes no call', async () => {
    const given = config();
    const path = `${given.backend[0]!.target}/`;
    const run = await start(given);
    const held = run({ path, headers: { host: 'shop.example.com' } });
    await until('it is woken', () => dapr.published.length > 0 && gateway.probes.length > 2);
    gateway.up = true;
    const result = await held;
    note(result);
    expect(result.exit).toBeUndefined();
    expect(result.calls.at(-1)).toMatchObject({ method: 'kong.response.set_header' });
    expect(result.calls.at(-1)!.args[0]).toBe('X-Serverless-Cold-Start');
    expect(dapr.messages('cold-start')).toHaveLength(1);
    expect(dapr.published[0]!.headers['dapr-api-token']).toBe(TOKEN);
    for (const probe of gateway.probes) {
      const cleared = probe.calls.filter(({ method }) => method === 'kong.service.request.clear_header');
      expect(cleared).toHaveLength(1);
    }
    // Right after a wake-up it is verified again and again: a target that is withdrawn passes probes for a while (K27).
    const warm = await until('a request makes no call', async () => {
      const one = await run({ path });
      return one.calls.length === 0 ? one : undefined;
    });
    expect(warm.exit).toBeUndefined();
  });

  test('a request whose backend does not come in time is answered with the reason', async () => {
    const given = config({ count: 10, on_timeout: 'reject' });
    const run = await start(given);
    const result = await run({ path: given.backend[0]!.target });
    note(result);
    expect(result.exit).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } });
    expect(result.exit!.headers['Content-Type']).toBe('application/problem+json');
    expect(JSON.parse(result.exit!.body)).toMatchObject({
      code: 'SERVERLESS_HOLD_TIMEOUT',
      lastProbe: { status: 503 },
      lastPublish: { outcome: 'accepted' },
    });
  });

  test('with on_timeout pass it is proxied', async () => {
    const given = config({ count: 10, on_timeout: 'pass' });
    const run = await start(given);
    const result = await run({ path: given.backend[0]!.target });
    note(result);
    expect(result.exit).toBeUndefined();
  });

  test('a refused wake-up is answered at once', async () => {
    dapr.answer = pubsubNotFound('kong-serverless-plugin');
    const given = config();
    const run = await start(given);
    const result = await run({ path: given.backend[0]!.target });
    note(result);
    expect(JSON.parse(result.exit!.body)).toMatchObject({
      code: 'SERVERLESS_WAKE_REFUSED',
      lastPublish: { outcome: 'refused', status: 404 },
    });
  });

  test('one more than may be held is answered at once', async () => {
    const given = config({ max_held: 1, count: 20 });
    const run = await start(given);
    const first = run({ path: given.backend[0]!.target });
    await until('the first is held', () => gateway.probes.length > 0);
    const result = await run({ path: given.backend[0]!.target });
    note(result);
    expect(JSON.parse(result.exit!.body)).toMatchObject({ code: 'SERVERLESS_HOLD_OVERFLOW' });
    expect((await first).exit?.status).toBe(503);
  });

  test('one that must not wake gets its own status, and wakes nothing', async () => {
    const given = config({ no_wake: [{ user_agent: 'kube-probe' }], no_wake_status: 404 });
    const run = await start(given);
    const result = await run({ path: given.backend[0]!.target, headers: { 'user-agent': 'kube-probe/1.30' } });
    note(result);
    expect(result.exit?.status).toBe(404);
    // A message of the test before may still be on its way.
    const { target } = given.backend[0]!;
    expect(dapr.published.filter(({ message }) => message.backend === target)).toEqual([]);
  });

  test('a forged probe header opens nothing', async () => {
    const given = config({ count: 10 });
    const { target } = given.backend[0]!;
    const run = await start(given);
    const result = await run({ path: `${target}/healthz.html`, headers: { 'x-serverless-probe': 'true' } });
    expect(result.exit?.status).toBe(503);
  });

  test('a configuration that is wrong starts, and answers 503 with what is wrong in Kong’s log', async () => {
    const run = await start(config({ lease: 60_000 }));
    const result = await run({ path: '/anything' });
    note(result);
    expect(JSON.parse(result.exit!.body)).toMatchObject({ code: 'SERVERLESS_CONFIG_INVALID' });
    expect(result.calls[0]!.method).toBe('kong.log.err');
    expect(String(result.calls[0]!.args[0])).toMatch(/lease/);
  });

  test('no secret is in its log', () => {
    expect(server.log()).not.toContain(TOKEN);
  });
});

test('both hosts describe the same plugin', () => {
  expect(infos).toHaveLength(2);
  expect(infos[0]).toEqual(infos[1]);
});

test('both hosts make the same calls to Kong, in the same order', () => {
  expect(traces.size).toBe(8);
  for (const [name, byHost] of traces) {
    const [one, two] = HOSTS.map((host) => byHost.get(host.name));
    expect({ name, calls: one }).toEqual({ name, calls: two });
  }
});
