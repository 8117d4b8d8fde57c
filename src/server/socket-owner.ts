import { chmodSync, renameSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../core/ports';
import { claimName, isSame, nameBeside, removeOwn, socketAt, type SocketId } from './socket-file';

/**
 * Connections that may wait to be accepted. Node's default of 511 is the first limit on a burst: requests above it fail open
 * (K4). The kernel lowers it to net.core.somaxconn.
 */
const BACKLOG = 16_384;
/** How often it is checked that the name still leads here. */
const CHECK_MS = 250;

/** What came of an attempt to take the name. `failed` has been or will be reported. */
export type Attempt = 'owned' | 'taken' | 'failed';

export interface SocketOwnerOptions {
  readonly path: string;
  /** Permissions of the socket. One that Kong's workers cannot write to is K7 for ever. */
  readonly mode: number;
  readonly clock: Clock;
  readonly connected: (socket: Socket) => void;
  /** The name no longer leads here. */
  readonly lost: () => void;
  /** Something is wrong that may pass. */
  readonly warn: (message: string, error?: unknown) => void;
  /** It cannot listen, now or ever. */
  readonly failed: (error: Error) => void;
}

/** Owns the name of a unix socket: listens, takes the name, sees to it that it leads here, and gives it up. */
export class SocketOwner {
  readonly #options: SocketOwnerOptions;
  #server: Server | undefined;
  #id: SocketId | undefined;
  /** Connections accepted in all. */
  #accepted = 0;
  #cancelCheck: (() => void) | undefined;

  constructor(options: SocketOwnerOptions) {
    this.#options = options;
  }

  /** Takes the name if it is free. @throws Error of the file system */
  claim(): Attempt {
    return this.#listen(claimName);
  }

  /** Takes the name from whoever has it. @throws Error of the file system */
  seize(): Attempt {
    return this.#listen((from, path) => {
      renameSync(from, path);
      return true;
    });
  }

  /** Whether another process has taken the name from this one. */
  isReplaced(): boolean {
    const found = socketAt(this.#options.path);
    return found !== undefined && this.#id !== undefined && !isSame(found, this.#id);
  }

  /** No longer sees to it that the name leads here. Connections are still accepted. */
  stopChecking(): void {
    this.#cancelCheck?.();
  }

  /** Removes the name if it still leads here. Connections made before are still accepted. */
  remove(): void {
    try {
      if (this.#id !== undefined) removeOwn(this.#options.path, this.#id);
    } catch (error) {
      this.#options.warn('the socket cannot be removed', error);
    }
  }

  /**
   * Accepts the connections that wait, and reads what has arrived on them. Closing the listener would reset those that Kong made before
   * the name was gone, with the calls on them. Node accepts one in each turn of its event loop, so a turn without any is the end.
   */
  async acceptWaiting(): Promise<void> {
    let before: number;
    do {
      before = this.#accepted;
      await turn();
    } while (this.#accepted !== before);
  }

  /** Stops listening. Open connections stay open. */
  close(): void {
    this.stopChecking();
    this.#server?.close();
  }

  /** Listens, and takes the name once connections are welcome. */
  #listen(take: (from: string, path: string) => boolean): Attempt {
    const { path, mode } = this.#options;
    const name = nameBeside(path);
    const server = createServer((socket) => {
      this.#accepted += 1;
      this.#options.connected(socket);
    });
    server.on('error', (error) => {
      this.#options.failed(error);
    });
    server.listen({ path: name, backlog: BACKLOG });
    const id = socketAt(name);
    // The server's error event says why.
    if (id === undefined) return 'failed';
    chmodSync(name, mode);
    if (!take(name, path)) {
      server.close();
      return 'taken';
    }
    this.#server?.close();
    this.#server = server;
    this.#id = id;
    this.#checkLater();
    return 'owned';
  }

  /** The name can be lost: Kong's container start, for one, deletes every socket in the prefix. */
  #checkLater(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = this.#options.clock.after(CHECK_MS, () => {
      if (this.#isOurs()) this.#checkLater();
      else this.#options.lost();
    });
  }

  #isOurs(): boolean {
    try {
      return isSame(socketAt(this.#options.path), this.#id);
    } catch (error) {
      this.#options.warn('the socket cannot be checked', error);
      return true;
    }
  }
}

/** Resolves when the event loop has looked for input once more. */
async function turn(): Promise<void> {
  // The first may come in the turn that runs already, after its look for input.
  for (let n = 0; n < 2; n += 1) await new Promise((resolve) => setImmediate(resolve));
}
