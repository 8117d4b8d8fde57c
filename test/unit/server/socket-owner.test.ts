import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { INVITATION, type Role, SocketOwner, STANDBY_METHOD } from '../../../src/server/socket-owner';
import { TempFolder, until } from './harness';

/** A process that wants the socket, as far as the socket goes: it greets with its name. */
class Contender {
  readonly roles: Role[] = [];
  readonly warnings: string[] = [];
  error: Error | undefined;
  private readonly sockets = new Set<Socket>();
  private standby: Socket | undefined;
  readonly owner: SocketOwner;

  constructor(
    readonly name: string,
    path: string,
  ) {
    this.owner = new SocketOwner({
      path,
      connected: (socket) => {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', (data: Buffer) => {
          if (data.includes(STANDBY_METHOD)) this.standby = socket;
          else socket.write(name);
        });
      },
      became: (role) => this.roles.push(role),
      warn: (message) => this.warnings.push(message),
      failed: (error) => (this.error = error),
    });
    this.owner.start();
  }

  /** Ends as a process that is told to. */
  async leave(): Promise<void> {
    await this.owner.stop(() => this.standby?.write(INVITATION) ?? false);
    this.drop();
  }

  /** Listens no more, and ends all connections. */
  drop(): void {
    this.owner.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Who answers at a path. */
async function whoIs(path: string): Promise<string> {
  const socket = connect(path);
  socket.write('?');
  const [name] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return name.toString();
}

describe('the owner of the socket', () => {
  const folder = new TempFolder();
  const path = folder.file('serverless.socket');
  const contenders: Contender[] = [];
  const contend = (name: string): Contender => {
    const contender = new Contender(name, path);
    contenders.push(contender);
    return contender;
  };
  const becomes = (contender: Contender, role: Role): Promise<void> => until(() => contender.owner.role === role);
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
  afterEach(async () => {
    for (const contender of contenders.splice(0)) {
      await contender.owner.stop(() => false);
      contender.drop();
    }
    rmSync(path, { force: true, recursive: true });
  });
  afterAll(() => {
    folder.remove();
  });

  test('listens before start() returns when the name is free', async () => {
    const one = contend('one');
    expect(one.owner.role).toBe('active');
    expect(await whoIs(path)).toBe('one');
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  test('K7: the workers of Kong, whatever user they run as, can open it', () => {
    contend('one');
    expect(statSync(path).mode & 0o777).toBe(0o777);
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
    jest.spyOn(contender.owner, 'remove').mockReturnValue();
    await contender.owner.stop(() => false);
    contender.drop();
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
      await until(() => others.some(({ owner }) => owner.role === 'active'));
      await until(() => others.filter(({ roles }) => roles.length > 0).length === 5);
      const active = others.filter(({ owner }) => owner.role === 'active');
      expect(active).toHaveLength(1);
      expect(await whoIs(path)).toBe(active[0]?.name);
      for (const contender of contenders.splice(0)) {
        await contender.owner.stop(() => false);
        contender.drop();
      }
    }
  });

  test('of many that start at once over a stale socket, one owns it', async () => {
    for (let round = 0; round < 10; round += 1) {
      await leaveStale();
      const all = ['a', 'b', 'c', 'd', 'e'].map(contend);
      await until(() => all.every(({ owner }) => owner.role !== 'starting'));
      expect(all.filter(({ owner }) => owner.role === 'active')).toHaveLength(1);
      expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
      for (const contender of contenders.splice(0)) {
        await contender.owner.stop(() => false);
        contender.drop();
      }
    }
  });

  test('one that leaves hands the name to a standby without a moment in which nobody answers', async () => {
    const one = contend('one');
    const two = contend('two');
    await becomes(two, 'standby');
    const answers: string[] = [];
    const done = new AbortController();
    const asked = (async () => {
      while (!done.signal.aborted) answers.push(await whoIs(path).catch((error: unknown) => (error as Error).message));
    })();
    await until(() => answers.length > 5);
    await one.owner.stop(() => sockets(one).write(INVITATION));
    await becomes(two, 'active');
    const at = answers.length;
    await until(() => answers.length > at + 5);
    done.abort();
    await asked;
    expect(new Set(answers)).toEqual(new Set(['one', 'two']));
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  const sockets = (contender: Contender): Socket => (contender as unknown as { standby: Socket }).standby;

  test('one that leaves without a standby removes its socket', async () => {
    const one = contend('one');
    await one.leave();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('one that leaves does not remove the socket of another', async () => {
    const one = contend('one');
    rmSync(path);
    const two = contend('two');
    await one.leave();
    expect(two.owner.role).toBe('active');
    expect(await whoIs(path)).toBe('two');
  });

  test('a socket file that is deleted, as Kong’s container start does, comes back', async () => {
    const one = contend('one');
    const early = connect(path);
    await once(early, 'connect');
    rmSync(path);
    await until(() => one.roles.filter((role) => role === 'active').length === 2);
    expect(await whoIs(path)).toBe('one');
    early.write('?');
    expect(String((await once(early, 'data'))[0])).toBe('one');
    early.destroy();
    expect(one.warnings).toHaveLength(1);
  });

  test('one whose name was taken by another stands by for that one', async () => {
    const one = contend('one');
    rmSync(path);
    const two = contend('two');
    await becomes(one, 'standby');
    await two.leave();
    await becomes(one, 'active');
    expect(await whoIs(path)).toBe('one');
  });

  test('a file that is no socket is an error, and stays', () => {
    writeFileSync(path, 'precious');
    const one = contend('one');
    expect(one.error?.message).toBe(`${path} is not a socket`);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('a folder that does not exist is an error', async () => {
    const one = new Contender('one', folder.file('none/serverless.socket'));
    await until(() => one.error !== undefined);
    expect(one.error?.message).toContain('none');
  });

  test('K4: a burst of connections waits to be accepted instead of being refused', async () => {
    contend('one');
    // No more than the kernel lets any listener have, but more than Node's default of 511.
    const limit = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
    const count = Math.min(2000, limit);
    expect(count).toBeGreaterThan(512);
    let refused = 0;
    // All in one turn of the event loop, so that none is accepted in between.
    const burst = Array.from({ length: count }, () => connect(path).on('error', () => (refused += 1)));
    await Promise.all(
      burst.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)),
    );
    expect(refused).toBe(0);
    for (const socket of burst) socket.destroy();
  });
});
