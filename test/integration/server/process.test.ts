import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { encodeCall } from '../../../src/rpc/messages';
import { STANDBY_METHOD } from '../../../src/server/hand-over';
import { type PhaseResult, RpcClient } from '../../support/rpc-client';
import { TempFolder, until } from '../../unit/server/server-rig';

const root = resolve(__dirname, '../../..');
const bundles = new TempFolder();

/** Bundles an entry as the build does. */
function bundle(entry: string): string {
  const out = bundles.file(`${entry.replace(/\W/g, '-')}.js`);
  const esbuild = join(root, 'node_modules/.bin/esbuild');
  const options = ['--bundle', '--platform=node', '--target=node20.19', '--log-level=error', `--outfile=${out}`];
  execFileSync(esbuild, [join(root, entry), ...options], { stdio: 'inherit' });
  return out;
}

let fixture: string;
let serverless: string;
beforeAll(() => {
  fixture = bundle('test/integration/server/fixture.ts');
  serverless = bundle('src/bin/serverless.ts');
}, 60_000);

describe('the plugin server as a process', () => {
  const folder = new TempFolder();
  const socket = folder.file('serverless.socket');
  const children: Child[] = [];

  class Child {
    stderr = '';
    readonly process: ChildProcessByStdio<null, Readable, Readable>;
    readonly exited: Promise<number | string>;

    constructor(file: string, ...args: string[]) {
      this.process = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
      this.process.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
      this.exited = new Promise((done) => {
        this.process.on('exit', (code, signal) => {
          done(code ?? String(signal));
        });
      });
      children.push(this);
    }

    get pid(): number {
      return this.process.pid as number;
    }

    logged(text: string): Promise<void> {
      return until(() => this.stderr.includes(text));
    }
  }

  const start = async (...args: string[]): Promise<Child> => {
    const child = new Child(fixture, socket, ...args);
    await child.logged('plugin server is');
    return child;
  };
  const clients: RpcClient[] = [];
  /** An nginx worker of Kong, with a plugin instance. */
  const worker = async (): Promise<{ get: (path: string) => Promise<PhaseResult>; client: RpcClient }> => {
    const client = new RpcClient(socket);
    clients.push(client);
    let instance = await client.startInstance('serverless', {});
    const get = async (path: string): Promise<PhaseResult> => {
      const pdk = { 'request.get_path': () => path, 'response.set_header': () => undefined };
      try {
        return await client.handleEvent(instance, pdk);
      } catch (error) {
        // As Kong does (mp_rpc.lua `handle_event`).
        if (!(error as Error).message.includes('no plugin instance')) throw error;
        instance = await client.startInstance('serverless', {});
        return await client.handleEvent(instance, pdk);
      }
    };
    return { get, client };
  };
  const held = async (count: number, port: number): Promise<void> => {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}/status`);
      if (((await response.json()) as { held: number }).held === count) return;
    }
  };
  /** A server that drains, with one request held. */
  const draining = async () => {
    const port = await freePort();
    const one = await start(String(port));
    const { get } = await worker();
    const hold = get('/hold');
    await held(1, port);
    one.process.kill('SIGTERM');
    await one.logged('draining');
    return { port, one, get, hold };
  };
  const freePort = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  };

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    for (const child of children.splice(0)) {
      child.process.kill('SIGKILL');
      await child.exited;
    }
  });
  afterAll(() => {
    folder.remove();
    bundles.remove();
  });

  test('SIGTERM with nothing held: exits 0 and removes its socket', async () => {
    const child = await start();
    child.process.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('SIGTERM during holds: keeps them, refuses more, and exits 0 once they were released and know it', async () => {
    const port = await freePort();
    const child = await start(String(port));
    const { get } = await worker();
    const holds = [get('/hold'), get('/hold'), get('/hold')];
    await held(3, port);
    child.process.kill('SIGTERM');
    await child.logged('draining');
    expect((await get('/hold')).exit).toMatchObject({ status: 503, body: 'draining' });
    expect((await get('/pid')).exit).toMatchObject({ body: String(child.pid) });
    await get('/release');
    for (const result of await Promise.all(holds)) {
      expect(result.exit).toBeUndefined();
      expect(result.calls.at(-1)).toEqual({ method: 'kong.response.set_header', args: ['X-Held', 'yes'] });
    }
    expect(await child.exited).toBe(0);
  });

  test('a drain that takes too long answers what is still held 503: Kong would let it through', async () => {
    const port = await freePort();
    const child = await start(String(port), '50');
    const { get } = await worker();
    const holds = [get('/hold'), get('/hold')];
    await held(2, port);
    child.process.kill('SIGTERM');
    for (const result of await Promise.all(holds)) {
      expect(result.exit).toMatchObject({ status: 503, body: expect.stringContaining('SERVERLESS_SHUTTING_DOWN') });
    }
    expect(await child.exited).toBe(0);
  });

  test('a second signal ends it at once', async () => {
    const port = await freePort();
    const child = await start(String(port));
    const { get } = await worker();
    const hold = get('/hold').catch((error: unknown) => (error as Error).message);
    await held(1, port);
    child.process.kill('SIGTERM');
    await child.logged('draining');
    child.process.kill('SIGINT');
    expect(await child.exited).toBe(130);
    expect(await hold).toBe('no data');
    expect(existsSync(socket)).toBe(false);
  });

  test('K6, K7: after kill -9 the standby takes over, and Kong’s workers start their instances anew there', async () => {
    const one = await start();
    const { get } = await worker();
    expect((await get('/pid')).exit?.body).toBe(String(one.pid));
    const two = await start();
    await two.logged('plugin server is standby');
    one.process.kill('SIGKILL');
    await two.logged('plugin server is active');
    expect((await get('/pid')).exit?.body).toBe(String(two.pid));
  });

  test('K9: with a standby, SIGTERM moves what is held there, and no call fails while the socket changes hands', async () => {
    const port = await freePort();
    const one = await start(String(port));
    const { get } = await worker();
    const holds = [get('/hold'), get('/hold'), get('/hold')];
    await held(3, port);
    const two = await start(String(port));
    await two.logged('plugin server is standby');
    // New connections, as a worker without a pooled one makes them, and pooled ones, all through the change.
    const pids = new Set<string | undefined>();
    const done = new AbortController();
    const ask = async (): Promise<void> => {
      for (let pooled = await worker(), n = 0; !done.signal.aborted; n += 1) {
        pids.add((await pooled.get('/pid')).exit?.body);
        if (n % 5 > 0) continue;
        await pooled.client.close();
        pooled = await worker();
      }
    };
    const asked = Promise.all([ask(), ask(), ask(), ask()]);
    await until(() => pids.size === 1);
    one.process.kill('SIGTERM');
    await two.logged('plugin server is active');
    expect(await one.exited).toBe(0);
    await until(() => pids.size === 2);
    done.abort();
    await asked;
    expect(pids).toEqual(new Set([String(one.pid), String(two.pid)]));
    await two.logged('status server listens');
    await held(3, port);
    await get('/release');
    for (const result of await Promise.all(holds)) {
      expect(result.exit).toBeUndefined();
      expect(result.calls.at(-1)).toEqual({ method: 'kong.response.set_header', args: ['X-Held', 'yes'] });
    }
    expect(one.stderr).not.toContain('draining');
  });

  test('a standby that comes during the drain takes over at once, and what is held', async () => {
    const { port, one, get, hold } = await draining();
    expect((await get('/hold')).exit?.body).toBe('draining');
    const two = await start(String(port));
    await two.logged('plugin server is active');
    expect(await one.exited).toBe(0);
    await two.logged('status server listens');
    await held(1, port);
    expect((await get('/pid')).exit?.body).toBe(String(two.pid));
    await get('/release');
    expect((await hold).calls.at(-1)).toEqual({ method: 'kong.response.set_header', args: ['X-Held', 'yes'] });
  });

  test('standbys that come during the drain and do not take over leave what is held where it is', async () => {
    const { one, get, hold } = await draining();
    for (let n = 0; n < 2; n += 1) {
      const dying = connect(socket);
      await once(dying, 'connect');
      dying.write(encodeCall(1, STANDBY_METHOD));
      await once(dying, 'data');
      dying.destroy();
    }
    expect((await get('/pid')).exit?.body).toBe(String(one.pid));
    await get('/release');
    expect((await hold).calls.at(-1)).toEqual({ method: 'kong.response.set_header', args: ['X-Held', 'yes'] });
    expect(await one.exited).toBe(0);
  });

  test('a standby that is told to shut down does so at once, and leaves the owner alone', async () => {
    const one = await start();
    const two = await start();
    await two.logged('plugin server is standby');
    two.process.kill('SIGTERM');
    expect(await two.exited).toBe(0);
    expect((await (await worker()).get('/pid')).exit?.body).toBe(String(one.pid));
  });

  test('K10: errors that nobody catches are logged, and every connection lives', async () => {
    const child = await start();
    const { get } = await worker();
    await get('/throw-later');
    await child.logged('nobody catches this');
    await child.logged('nor this');
    expect((await get('/pid')).exit?.body).toBe(String(child.pid));
  });

  test('it goes on when nobody reads its log any more', async () => {
    const child = await start();
    const { get } = await worker();
    child.process.stderr.destroy();
    await once(child.process.stderr, 'close');
    for (let n = 0; n < 20; n += 1) await get('/throw-later');
    expect((await get('/pid')).exit?.body).toBe(String(child.pid));
  });

  test('the status port of a standby on the same machine is taken over with the socket', async () => {
    const port = await freePort();
    const one = await start(String(port));
    const two = await start(String(port));
    await two.logged('cannot listen');
    const status = async (): Promise<object> => {
      const response = await fetch(`http://127.0.0.1:${port}/status`);
      return ((await response.json()) as { server: object }).server;
    };
    expect(await status()).toMatchObject({ pid: one.pid, role: 'active', draining: false, events: 0 });
    one.process.kill('SIGKILL');
    await two.logged('status server listens');
    expect(await status()).toMatchObject({ pid: two.pid, role: 'active' });
  });

  test('a socket that cannot be is an error with its name, exit code 1', async () => {
    writeFileSync(folder.file('file'), 'x');
    const child = new Child(fixture, folder.file('file'));
    expect(await child.exited).toBe(1);
    expect(child.stderr).toBe(
      `serverless: cannot listen on ${folder.file('file')}: ${folder.file('file')} is not a socket\n`,
    );
  });

  test('the real product starts, answers Kong and drains', async () => {
    const child = new Child(serverless, '--kong-prefix', folder.path, '-status-listen', 'off', '-socket-mode', '0660');
    await child.logged('plugin server is active');
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    const client = new RpcClient(socket);
    clients.push(client);
    const config = { backend: [{ target: '/kong', health: '/healthz', pubsub: 'p', topic: 't' }], __seq__: 1 };
    const id = await client.startInstance('serverless', config);
    const pdk = { 'nginx.get_var': () => 12, 'request.get_path': () => '/other' };
    expect((await client.handleEvent(id, pdk)).exit).toBeUndefined();
    child.process.kill('SIGTERM');
    expect(await child.exited).toBe(0);
  });

  test('-dump prints JSON on standard output and touches nothing (K18)', () => {
    const output = execFileSync(process.execPath, [serverless, '-dump'], { env: {}, encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject([{ Name: 'serverless', Phases: ['access'] }]);
  });

  test.each(['check', 'doctor'])('%s is there', async (command) => {
    const child = new Child(serverless, command, '--help');
    let output = '';
    child.process.stdout.on('data', (text: Buffer) => (output += text.toString()));
    expect(await child.exited).toBe(0);
    expect(output).toContain(`serverless ${command}`);
  });

  test('a setting that is wrong ends the process with code 2 and its value', async () => {
    const child = new Child(serverless, '--max-held', 'many');
    expect(await child.exited).toBe(2);
    expect(child.stderr).toContain('many');
  });
});
