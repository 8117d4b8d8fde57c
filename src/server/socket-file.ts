import { linkSync, renameSync, statSync, unlinkSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What tells one socket from another of the same name. */
export interface SocketId {
  readonly dev: number;
  readonly ino: number;
  /** When it was made. An inode's number is used again as soon as its socket is gone, at once on some file systems. */
  readonly mtimeMs: number;
}

/** The socket at a path; undefined where there is nothing. Throws on a file that is no socket: it is somebody's, and stays. */
export function socketAt(path: string): SocketId | undefined {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  if (!stats.isSocket()) throw new Error(`${path} is not a socket`);
  return { dev: stats.dev, ino: stats.ino, mtimeMs: stats.mtimeMs };
}

/** Whether two looks found the same socket, one of which is alive, so that its inode's number is not free. */
export function isSame(one: SocketId | undefined, other: SocketId | undefined): boolean {
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

/** A name beside `path` for a moment. Short, because a socket's path has about 100 bytes at most. */
export function nameBeside(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 4)}${Math.random().toString(36).slice(2, 10)}`);
}

/**
 * Gives the socket at `from` the name `path`, if that is free: one system call, so of several processes one succeeds. Unlike
 * listen(path), there is no moment at which the name exists and refuses connections.
 */
export function claimName(from: string, path: string): boolean {
  try {
    linkSync(from, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  unlinkSync(from);
  return true;
}

/**
 * Removes the socket of a dead process. `stale` is what was at `path` when nobody answered there; if another process has
 * replaced it since, that one stays.
 */
export function removeStale(path: string, stale: SocketId): void {
  const isStale = (found: SocketId | undefined): boolean => isSame(found, stale) && found?.mtimeMs === stale.mtimeMs;
  if (!isStale(socketAt(path))) return;
  const aside = nameBeside(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (isStale(socketAt(aside)) || !claimName(aside, path)) unlinkSync(aside);
}

/** Removes the socket at `path` if it is `mine`. */
export function removeOwn(path: string, mine: SocketId): void {
  if (isSame(socketAt(path), mine)) unlinkSync(path);
}

/** Whether an error of the operating system has this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code;
}
