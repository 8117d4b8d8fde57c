import { readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { encode } from '@msgpack/msgpack';
import { systemClock } from '../../../src/adapters/clock';
import { HandOver, type Role } from '../../../src/server/hand-over';
import { RpcServer } from '../../../src/server/rpc-server';
import { RpcClient } from '../../support/rpc-client';
import { RecordingLog, TempFolder, until } from './server-rig';

/** A process that wants the socket, as far as the socket goes: its plugin has its name. */
class Contender {
  readonly roles: Role[] = [];
  readonly warnings: string[] = [];
  error: Error | undefined;
  readonly handOver: HandOver;
  readonly rpc: RpcServer;
  readonly #sockets = new Set<Socket>();

  constructor(
    readonly name: string,
    path: string,
  ) {
    this.handOver = new HandOver({
      path,
      mode: 0o666,
      clock: systemClock,
      connected: (socket) => {
        this.#sockets.add(socket);
        this.rpc.connections.accept(socket);
      },
      became: (role) => this.roles.push(role),
      warn: (message) => this.warnings.push(message),
      failed: (error) => (this.error = error),
    });
    class Plugin {
      access(): void {
        // Everything goes on.
      }
    }
    const module = { Name: name, Version: '1.0.0', Priority: 1, Schema: [], Plugin };
    this.rpc = new RpcServer({
      module,
      succession: this.handOver,
      onRejected: () => undefined,
      onServed: () => undefined,
      clock: systemClock,
      log: new RecordingLog(),
    });
    this.handOver.start();
  }

  get role(): Role {
    return this.handOver.role;
  }

  /** Ends as a process that is told to. Whether a standby has taken over. */
  async shutDown(): Promise<boolean> {
    const exitBy = systemClock.now() + 10_000;
    const passedOn = await this.handOver.passOn(this.rpc, exitBy);
    await this.handOver.shutDown(this.rpc, exitBy);
    return passedOn;
  }

  /** Ends as a process that exits. */
  exit(): void {
    this.handOver.abandon();
    this.rpc.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Who answers at a path. */
async function whoIs(path: string): Promise<string> {
  const client = new RpcClient(path);
  const status = (await client.call('plugin.GetStatus', null)) as { Plugins: object };
  await client.close();
  return Object.keys(status.Plugins).join();
}

describe('the hand-over of the socket', () => {
  const folder = new TempFolder();
  const path = folder.file('serverless.socket');
  const contenders: Contender[] = [];
  const contend = (name: string): Contender => {
    const contender = new Contender(name, path);
    contenders.push(contender);
    return contender;
  };
  const becomes = (contender: Contender, role: Role): Promise<void> => until(() => contender.role === role);
  let dead: Server | undefined;
  /** What a process that was killed leaves behind: a socket where nobody answers. */
  const leaveStale = async (): Promise<void> => {
    dead = createServer().listen(folder.file('dead'));
    await once(dead, 'listening');
    utimesSync(folder.file('dead'), 1, 1);
    renameSync(folder.file('dead'), path);
    dead.close();
    await once(dead, 'close');
  };
  const exitAll = (): void => {
    for (const contender of contenders.splice(0)) contender.exit();
  };
  afterEach(() => {
    exitAll();
    rmSync(path, { force: true, recursive: true });
  });
  afterAll(() => {
    folder.remove();
  });

  test('listens before start() returns when the name is free', async () => {
    const one = contend('one');
    expect(one.role).toBe('active');
    expect(await whoIs(path)).toBe('one');
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  test('K7: a socket where nobody answers is replaced', async () => {
    await leaveStale();
    const one = contend('one');
    await becomes(one, 'active');
    expect(await whoIs(path)).toBe('one');
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  test('K9: a second process stands by while the first lives, and takes over when it dies', async () => {
    const one = contend('one');
    const two = contend('two');
    await becomes(two, 'standby');
    expect(await whoIs(path)).toBe('one');
    // Killed: its listener and its connections end, its file stays.
    await leaveStaleInPlaceOf(one);
    await becomes(two, 'active');
    expect(await whoIs(path)).toBe('two');
  });

  /** The first process's listener moves away from the name, as a killed one's is gone from it. */
  async function leaveStaleInPlaceOf(contender: Contender): Promise<void> {
    rmSync(path);
    await leaveStale();
    contender.exit();
  }

  test('K6: one whose owner dies without having read its call, which resets the connection, takes over at once', async () => {
    const accepted: Socket[] = [];
    const busy = createServer({ pauseOnConnect: true }, (socket) => accepted.push(socket)).listen(folder.file('busy'));
    await once(busy, 'listening');
    renameSync(folder.file('busy'), path);
    const two = contend('two');
    await becomes(two, 'standby');
    await until(() => accepted.length === 1);
    busy.close();
    accepted[0]?.destroy();
    await becomes(two, 'active');
    expect(two.warnings).toEqual([]);
    expect(await whoIs(path)).toBe('two');
  });

  test('K5: an owner that is out of file descriptors ends each connection at once, and is not asked without end', async () => {
    const at: number[] = [];
    const full = createServer((socket) => {
      at.push(performance.now());
      socket.destroy();
    }).listen(path);
    await once(full, 'listening');
    const two = contend('two');
    await until(() => at.length === 8);
    // 1 ms, 2 ms, ... 7 ms
    expect(at[7]! - at[0]!).toBeGreaterThan(20);
    full.close();
    await becomes(two, 'active');
  });

  test('of many that stand by, one takes over, and the others stand by for that one', async () => {
    for (let round = 0; round < 10; round += 1) {
      const one = contend('one');
      await becomes(one, 'active');
      const others = ['a', 'b', 'c', 'd', 'e'].map(contend);
      for (const other of others) await becomes(other, 'standby');
      await leaveStaleInPlaceOf(one);
      await until(() => others.some(({ role }) => role === 'active'));
      await until(() => others.filter(({ roles }) => roles.length > 0).length === 5);
      const active = others.filter(({ role }) => role === 'active');
      expect(active).toHaveLength(1);
      expect(await whoIs(path)).toBe(active[0]?.name);
      exitAll();
    }
  });

  test('of many that start at once over a stale socket, one owns it', async () => {
    for (let round = 0; round < 10; round += 1) {
      await leaveStale();
      const all = ['a', 'b', 'c', 'd', 'e'].map(contend);
      await until(() => all.every(({ role }) => role !== 'starting'));
      expect(all.filter(({ role }) => role === 'active')).toHaveLength(1);
      expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
      exitAll();
    }
  });

  test('one that shuts down hands the name to a standby without a moment in which nobody answers', async () => {
    const one = contend('one');
    const two = contend('two');
    await becomes(two, 'standby');
    const answers: string[] = [];
    const done = new AbortController();
    const asked = (async () => {
      while (!done.signal.aborted) answers.push(await whoIs(path).catch((error: unknown) => (error as Error).message));
    })();
    await until(() => answers.length > 5);
    await one.shutDown();
    await becomes(two, 'active');
    const at = answers.length;
    await until(() => answers.length > at + 5);
    done.abort();
    await asked;
    expect(new Set(answers)).toEqual(new Set(['one', 'two']));
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  test('one that shuts down without a standby removes its socket', async () => {
    const one = contend('one');
    await one.shutDown();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('one that shuts down does not remove the socket of another', async () => {
    const one = contend('one');
    rmSync(path);
    const two = contend('two');
    await one.shutDown();
    expect(two.role).toBe('active');
    expect(await whoIs(path)).toBe('two');
  });

  test('a socket file that is deleted, as Kong’s container start does, comes back', async () => {
    const one = contend('one');
    const early = new RpcClient(path);
    await early.call('plugin.GetStatus', null);
    rmSync(path);
    await until(() => one.roles.filter((role) => role === 'active').length === 2);
    expect(await whoIs(path)).toBe('one');
    expect(await early.call('plugin.GetPluginInfo', 'one')).toMatchObject({ Name: 'one' });
    await early.close();
    expect(one.warnings).toHaveLength(1);
  });

  test('one whose name was taken by another stands by for that one', async () => {
    const one = contend('one');
    rmSync(path);
    const two = contend('two');
    await becomes(one, 'standby');
    await two.shutDown();
    await becomes(one, 'active');
    expect(await whoIs(path)).toBe('one');
  });

  test('a file that is no socket is an error, and stays', () => {
    writeFileSync(path, 'precious');
    const one = contend('one');
    expect(one.error?.message).toBe(`${path} is not a socket`);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  /** A connection on which a process has asked to stand by. */
  const standby = async (): Promise<Socket> => {
    const socket = connect(path);
    socket.write(encode([0, 1, 'serverless.StandBy', []]));
    await once(socket, 'connect');
    return socket.on('data', () => undefined);
  };

  test('if the standby that is invited does not take over, the next one is', async () => {
    const one = contend('one');
    const dying = await standby();
    while (!(await one.handOver.findsStandby()));
    const two = contend('two');
    await becomes(two, 'standby');
    dying.once('data', () => dying.destroy());
    expect(await one.shutDown()).toBe(true);
    expect(two.role).toBe('active');
    expect(await whoIs(path)).toBe('two');
  });

  test('if no standby takes over, the owner serves on', async () => {
    const one = contend('one');
    const dying = await standby();
    while (!(await one.handOver.findsStandby()));
    dying.once('data', () => dying.destroy());
    expect(await one.handOver.passOn(one.rpc, systemClock.now() + 10_000)).toBe(false);
    expect(one.role).toBe('active');
    expect(await whoIs(path)).toBe('one');
  });

  test('the connection of a process that stands by is closed last of all, when the name is free', async () => {
    const one = contend('one');
    const socket = await standby();
    await until(() => one.rpc.connections.size === 1);
    const closed = once(socket, 'close').then(() => readdirSync(folder.path));
    void one.shutDown();
    expect(await closed).toEqual([]);
  });

  test('K7: the connection of one that comes too late to be invited is closed', async () => {
    const one = contend('one');
    const early = connect(path);
    await once(early, 'connect');
    await until(() => one.rpc.connections.size === 1);
    void one.shutDown();
    await until(() => readdirSync(folder.path).length === 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    early.write(encode([0, 1, 'serverless.StandBy', []]));
    await once(early, 'close');
    expect(early.readyState).toBe('closed');
  });
});
