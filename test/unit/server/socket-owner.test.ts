import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SocketOwner } from '../../../src/server/socket-owner';
import { FakeClock } from '../../support/fake-clock';
import { TempFolder, until } from './server-rig';

describe('the owner of the socket', () => {
  const folder = new TempFolder();
  const path = folder.file('serverless.socket');
  const owners: SocketOwner[] = [];
  const accepted: Socket[] = [];
  const clock = new FakeClock();
  const own = (at = path, mode = 0o666) => {
    const seen: { lost: number; warnings: string[]; error: Error | undefined; owner: SocketOwner } = {
      lost: 0,
      warnings: [],
      error: undefined,
      owner: new SocketOwner({
        path: at,
        mode,
        clock,
        connected: (socket) => accepted.push(socket.on('error', () => undefined)),
        lost: () => (seen.lost += 1),
        warn: (message) => seen.warnings.push(message),
        failed: (error) => (seen.error = error),
      }),
    };
    owners.push(seen.owner);
    return seen;
  };
  afterEach(() => {
    for (const owner of owners.splice(0)) owner.close();
    for (const socket of accepted.splice(0)) socket.destroy();
    rmSync(path, { force: true });
  });
  afterAll(() => {
    folder.remove();
  });

  test.each([
    ['K7: the workers of Kong, whatever user they run as, can open it', 0o666],
    ['who may open it can be narrowed down', 0o660],
  ])('%s', (_, mode) => {
    expect(own(path, mode).owner.claim()).toBe('owned');
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  test('a name that is taken is left alone, and nothing of the attempt remains', () => {
    own().owner.claim();
    const second = own();
    expect(second.owner.claim()).toBe('taken');
    expect(second.owner.isReplaced()).toBe(false);
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  test('a name that is seized leads to the new owner, and the old one knows', async () => {
    const one = own();
    one.owner.claim();
    expect(own().owner.seize()).toBe('owned');
    expect(one.owner.isReplaced()).toBe(true);
    await clock.advance(250);
    expect(one.lost).toBe(1);
    one.owner.remove();
    expect(readdirSync(folder.path)).toEqual(['serverless.socket']);
  });

  test('a name that is gone is reported once, and not after checking has stopped', async () => {
    const one = own();
    one.owner.claim();
    await clock.advance(10_000);
    expect(one.lost).toBe(0);
    rmSync(path);
    await clock.advance(10_000);
    expect(one.lost).toBe(1);
    one.owner.claim();
    one.owner.stopChecking();
    rmSync(path);
    await clock.advance(10_000);
    expect(one.lost).toBe(1);
  });

  test('a folder that does not exist is an error', async () => {
    const one = own(folder.file('none/serverless.socket'));
    expect(one.owner.claim()).toBe('failed');
    await until(() => one.error !== undefined);
    expect(one.error?.message).toContain('none');
  });

  test('connections that came before the name was removed are accepted', async () => {
    const { owner } = own();
    owner.claim();
    const early = Array.from({ length: 20 }, () => connect(path));
    owner.remove();
    await owner.acceptWaiting();
    expect(accepted).toHaveLength(20);
    for (const socket of early) socket.destroy();
  });

  test('K4: a burst of connections waits to be accepted instead of being refused', async () => {
    own().owner.claim();
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
