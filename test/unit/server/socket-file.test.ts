import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import { claimName, isSame, removeOwn, removeStale, socketAt } from '../../../src/server/socket-file';
import { TempFolder } from './server-rig';

describe('the file of a socket', () => {
  const folder = new TempFolder();
  const path = folder.file('socket');
  const servers: Server[] = [];
  const listen = async (name: string): Promise<string> => {
    const file = folder.file(name);
    const server = createServer().listen(file);
    await once(server, 'listening');
    servers.push(server);
    return file;
  };
  /** A socket that was there before: its process is gone. */
  const leaveStale = async (): Promise<void> => {
    const file = await listen('stale');
    fs.utimesSync(file, 1, 1);
    fs.renameSync(file, path);
  };
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
    fs.rmSync(path, { force: true });
  });
  afterAll(() => {
    folder.remove();
  });

  test('a name is claimed once', async () => {
    const one = await listen('one');
    const two = await listen('two');
    expect(claimName(one, path)).toBe(true);
    const id = socketAt(path);
    expect(claimName(two, path)).toBe(false);
    expect(isSame(socketAt(path), id)).toBe(true);
    expect(fs.readdirSync(folder.path).sort()).toEqual(['socket', 'two']);
  });

  test('a stale socket is removed', async () => {
    await leaveStale();
    removeStale(path, socketAt(path)!);
    expect(socketAt(path)).toBeUndefined();
  });

  test('a stale socket that is gone already is nothing to remove', async () => {
    await leaveStale();
    const stale = socketAt(path)!;
    fs.rmSync(path);
    removeStale(path, stale);
    expect(fs.readdirSync(folder.path)).toEqual([]);
  });

  test('a socket that replaced the stale one stays', async () => {
    await leaveStale();
    const stale = socketAt(path)!;
    fs.renameSync(await listen('fresh'), path);
    const fresh = socketAt(path);
    removeStale(path, stale);
    expect(isSame(socketAt(path), fresh)).toBe(true);
  });

  test('a socket that replaces the stale one in the very moment of its removal is put back', async () => {
    await leaveStale();
    const stale = socketAt(path)!;
    const file = await listen('fresh');
    const fresh = socketAt(file);
    const rename = fs.renameSync;
    jest.spyOn(fs, 'renameSync').mockImplementationOnce((from, to) => {
      rename(file, path);
      rename(from, to);
    });
    removeStale(path, stale);
    expect(isSame(socketAt(path), fresh)).toBe(true);
    expect(fs.readdirSync(folder.path)).toEqual(['socket']);
  });

  test('only one’s own socket is removed at the end', async () => {
    fs.renameSync(await listen('one'), path);
    const one = socketAt(path)!;
    fs.renameSync(await listen('two'), path);
    removeOwn(path, one);
    expect(socketAt(path)).toBeDefined();
    removeOwn(path, socketAt(path)!);
    expect(socketAt(path)).toBeUndefined();
  });
});
