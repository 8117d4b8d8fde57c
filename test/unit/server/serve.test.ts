import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { readdirSync } from 'node:fs';
import type { Asked } from '../../../src/core/ports';
import type { ProductStatus } from '../../../src/core/status';
import type { Kong, PluginInstance, Product } from '../../../src/kong/contract';
import { encodeCall } from '../../../src/rpc/messages';
import { STANDBY_METHOD } from '../../../src/server/hand-over';
import { type Loaded, type ProcessHost, serve } from '../../../src/server/serve';
import { systemClock } from '../../../src/adapters/clock';
import { RpcClient } from '../../support/rpc-client';
import { RecordingLog, TempFolder, until } from './server-rig';

/** A process that only notes that it was to end. */
class FakeProcess extends EventEmitter implements ProcessHost {
  code: number | undefined;
  said = '';
  readonly stderr = { write: (text: string) => (this.said += text) };

  exit(code: number): void {
    this.code ??= code;
    this.emit('exit');
  }
}

/** A product whose requests are held until the test lets them go. */
class HoldingProduct implements Product {
  readonly releases: (() => void)[] = [];
  readonly onRejected = (): void => undefined;
  readonly onServed = (): void => undefined;
  draining = false;
  closed = false;
  #settle: () => void = () => undefined;
  readonly #allSettled = new Promise<void>((resolve) => (this.#settle = resolve));
  readonly module: Product['module'];

  constructor() {
    const access = (kong: Kong): Promise<void> => this.#access(kong);
    class Plugin implements PluginInstance {
      access(kong: Kong): Promise<void> {
        return access(kong);
      }
    }
    this.module = { Name: 'serverless', Version: '1.0.0', Priority: 1, Schema: [], Plugin };
  }

  held(): number {
    return this.releases.length;
  }

  drain(): void {
    this.draining = true;
    if (this.held() === 0) this.#settle();
  }

  settled(): Promise<void> {
    return this.#allSettled;
  }

  metrics(): Promise<string> {
    return Promise.resolve('held 0\n');
  }

  status(): ProductStatus {
    return { held: this.held(), maxHeld: 100, draining: false, kubernetes: 'off', backends: [] };
  }

  wake(key: string): Asked {
    return { kind: 'done', state: `${key} wakes` };
  }

  sleep(): Asked {
    return { kind: 'unknown' };
  }

  close(): void {
    this.closed = true;
  }

  release(): void {
    for (const release of this.releases.splice(0)) release();
    if (this.draining) this.#settle();
  }

  async #access(kong: Kong): Promise<void> {
    await new Promise<void>((resolve) => this.releases.push(resolve));
    await kong.response.exit(200, 'released');
  }
}

describe('serving', () => {
  const folder = new TempFolder();
  const socketPath = folder.file('s');
  const clients: RpcClient[] = [];
  let host: FakeProcess;
  let product: HoldingProduct;
  let log: RecordingLog;

  const loaded = (): Loaded => ({ product, log });
  const start = (options: { drainMs?: number; exitMs?: number; load?: () => Promise<Loaded> } = {}): Promise<void> =>
    serve({
      socketPath,
      socketMode: 0o666,
      statusListen: { host: '127.0.0.1', port: 0, token: undefined },
      clock: systemClock,
      load: () => Promise.resolve(loaded()),
      host,
      ...options,
    });
  const hold = async (): Promise<{ result: Promise<unknown> }> => {
    const client = new RpcClient(socketPath);
    clients.push(client);
    const id = await client.startInstance('serverless', {});
    const before = product.held();
    const result = client.handleEvent(id).then(
      ({ exit }) => exit,
      (error: unknown) => error,
    );
    await until(() => product.held() > before);
    return { result };
  };
  const statusUrl = (): string => {
    const line = log.lines.find(({ text }) => text === 'status server listens');
    return `http://127.0.0.1:${(line?.fields as { address: { port: number } }).address.port}/status`;
  };

  beforeEach(() => {
    host = new FakeProcess();
    product = new HoldingProduct();
    log = new RecordingLog();
  });
  afterEach(async () => {
    product.release();
    host.emit('SIGTERM');
    await until(() => host.code !== undefined);
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  afterAll(() => {
    folder.remove();
  });

  test('the socket listens before the product is loaded, and calls that come before are answered after', async () => {
    let load: (parts: Loaded) => void = () => undefined;
    const started = start({ load: () => new Promise((resolve) => (load = resolve)) });
    const early = connect(socketPath);
    await once(early, 'connect');
    const call = new RpcClient(socketPath);
    clients.push(call);
    const info = call.call('plugin.GetPluginInfo', 'serverless');
    early.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    load(loaded());
    await started;
    expect(await info).toMatchObject({ Name: 'serverless' });
  });

  test('a signal before the product is loaded ends the process at once', () => {
    void start({ load: () => new Promise(() => undefined) });
    host.emit('SIGTERM');
    expect(host.code).toBe(143);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('the status tells what the server and the product do', async () => {
    await start();
    await until(() => log.texts('info').includes('status server listens'));
    await hold();
    expect(await (await fetch(statusUrl())).json()).toMatchObject({
      held: 1,
      server: {
        pid: process.pid,
        role: 'active',
        standby: false,
        draining: false,
        uptimeSeconds: expect.any(Number),
        socket: socketPath,
        connections: 1,
        instances: 1,
        events: 1,
      },
    });
    expect(await (await fetch(statusUrl().replace('status', 'metrics'))).text()).toBe('held 0\n');
    expect((await fetch(statusUrl().replace('status', 'healthz'))).status).toBe(200);
  });

  test('SIGTERM drains: the process ends with 0 once what is held was answered', async () => {
    await start();
    const one = await hold();
    host.emit('SIGTERM');
    const two = await hold();
    expect(product.draining).toBe(true);
    expect(host.code).toBeUndefined();
    product.release();
    expect(await one.result).toMatchObject({ status: 200 });
    expect(await two.result).toMatchObject({ status: 200 });
    await until(() => host.code !== undefined);
    expect(host.code).toBe(0);
    expect(product.closed).toBe(true);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('SIGTERM answers the calls that wait to be accepted, too', async () => {
    await start();
    const infos = Array.from({ length: 5 }, () => {
      const client = new RpcClient(socketPath);
      clients.push(client);
      return client.call('plugin.GetPluginInfo', 'serverless');
    });
    host.emit('SIGTERM');
    expect(await Promise.all(infos)).toEqual(new Array(5).fill(expect.objectContaining({ Name: 'serverless' })));
    await until(() => host.code !== undefined);
    expect(host.code).toBe(0);
  });

  test('a drain that takes too long answers what is held 503', async () => {
    await start({ drainMs: 20 });
    const { result } = await hold();
    host.emit('SIGTERM');
    expect(await result).toMatchObject({ status: 503 });
    await until(() => host.code !== undefined);
    expect(host.code).toBe(0);
  });

  test('whatever Kong leaves open, the process ends in time', async () => {
    await start({ drainMs: 20, exitMs: 100 });
    // Never calls, and never hangs up.
    const silent = connect({ path: socketPath, allowHalfOpen: true });
    await once(silent, 'connect');
    await hold();
    const from = performance.now();
    host.emit('SIGTERM');
    await until(() => host.code !== undefined);
    expect(host.code).toBe(0);
    // Without a bound for all of it, two waits of a second each.
    expect(performance.now() - from).toBeLessThan(1000);
    silent.destroy();
  });

  test('a second signal ends the process at once', async () => {
    await start();
    await hold();
    host.emit('SIGTERM');
    host.emit('SIGINT');
    expect(host.code).toBe(130);
  });

  test('a drain that fails is logged, and ends the process with 1', async () => {
    jest.spyOn(product, 'settled').mockRejectedValue(new Error('unsettling'));
    await start();
    host.emit('SIGTERM');
    await until(() => host.code !== undefined);
    expect(host.code).toBe(1);
    expect(log.texts('error')).toEqual(['the shutdown failed']);
  });

  test('an error that nobody caught is logged, even where the log fails', async () => {
    await start();
    host.emit('uncaughtException', new Error('x'), 'uncaughtException');
    expect(log.texts('error')).toHaveLength(1);
    jest.spyOn(log.lines, 'push').mockImplementation(() => {
      throw new Error('EPIPE');
    });
    expect(() => host.emit('uncaughtException', new Error('y'), 'unhandledRejection')).not.toThrow();
    jest.restoreAllMocks();
  });

  test('a second server on the socket stands by, with its own status', async () => {
    await start();
    const first = { host, product, log };
    host = new FakeProcess();
    product = new HoldingProduct();
    log = new RecordingLog();
    await start();
    await until(() => log.texts('info').includes('plugin server is standby'));
    await until(() => log.texts('info').includes('status server listens'));
    expect((await fetch(statusUrl().replace('status', 'healthz'))).status).toBe(503);
    first.host.emit('SIGTERM');
    await until(() => log.texts('info').includes('plugin server is active'));
    await until(() => first.host.code === 0);
  });

  test('a standby whose call was not read yet when the signal came is passed on to all the same', async () => {
    await start();
    await hold();
    const standby = connect(socketPath);
    await once(standby, 'connect');
    standby.write(encodeCall(1, STANDBY_METHOD));
    host.emit('SIGTERM');
    await until(() => log.texts('info').some((text) => /^(passing on|draining)/.test(text)));
    expect(log.texts('info').at(-1)).toMatch(/^passing on/);
    standby.destroy();
  });

  test('a socket that cannot be ends the process with 1 and the reason', async () => {
    await serve({
      socketPath: folder.file('none/s'),
      socketMode: 0o666,
      statusListen: 'off',
      clock: systemClock,
      load: () => Promise.resolve(loaded()),
      host,
    });
    await until(() => host.code !== undefined);
    expect(host.code).toBe(1);
    expect(host.said).toMatch(/^serverless: cannot listen on .*none\/s: /);
  });
});
