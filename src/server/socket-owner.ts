import { renameSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { encodeCall, encodeResult } from '../rpc/messages';
import { pollUntil } from './poll';
import { claimName, hasCode, isSame, nameBeside, removeOwn, removeStale, socketAt, type SocketId } from './socket-file';

/**
 * Connections that may wait to be accepted. Node's default of 511 is the first limit on a burst: requests above it fail open
 * (K4). The kernel lowers it to net.core.somaxconn.
 */
const BACKLOG = 16_384;
/** How often an owner looks whether the name still leads to it, and a standby retries an owner that is too busy to connect to. */
const LOOK_MS = 250;
/** A standby whose connections do not last asks again after 1 ms, 2 ms, ... and then this. */
const MOST_AGAIN_MS = 20;
/** How long an owner that goes waits for its successor. */
const HAND_OVER_MS = 1000;

/** The call that a standby leaves unanswered with the owner; its answer is the invitation to take over. */
export const STANDBY_METHOD = 'serverless.StandBy';
const STANDBY_CALL = encodeCall(1, STANDBY_METHOD);
/** Encodes the invitation as the answer of the standby's call. */
export const INVITATION = encodeResult(1, 'take over');

/** `active`: Kong's calls come here. `standby`: they go to another live process, and come here when that one dies. */
export type Role = 'starting' | 'active' | 'standby' | 'stopped';

export interface SocketOwnerOptions {
  readonly path: string;
  connected(socket: Socket): void;
  /** Called at every change. */
  became(role: Role): void;
  /** Something is wrong that may pass. */
  warn(message: string, error?: unknown): void;
  /** The socket cannot be owned now or ever: no permission, no directory, not a socket. */
  failed(error: Error): void;
}

/**
 * Owns the name of a unix socket, as one of any number of processes that want to. A process that finds a live owner holds a
 * connection to it and takes the name over when that connection ends; a socket where nobody answers is stale, and is replaced. So
 * Kong may start this plugin server although it was started before Kong, as it should be (K7, K9).
 */
export class SocketOwner {
  private current: Role = 'starting';
  private server: Server | undefined;
  private id: SocketId | undefined;
  /** A standby's connection to the owner. */
  private held: Socket | undefined;
  /** So many connections to the owner, one after the other, ended soon. */
  private brief = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SocketOwnerOptions) {}

  get role(): Role {
    return this.current;
  }

  /** Listens at once if the name is free; else finds out whether it is stale. */
  start(): void {
    this.acquire();
  }

  /**
   * Gives the name up, but goes on accepting the connections that wait to be accepted.
   *
   * @param invite asks a standby to take over; whether there is one. If so, the name changes hands without a gap.
   */
  async stop(invite: () => boolean): Promise<void> {
    const { current } = this;
    this.rest();
    if (current === 'active' && invite()) {
      await pollUntil(() => this.isReplaced(), performance.now() + HAND_OVER_MS);
    }
    this.remove();
  }

  /** Whether another process has taken the name from this one. */
  isReplaced(): boolean {
    const found = socketAt(this.options.path);
    return found !== undefined && this.id !== undefined && !isSame(found, this.id);
  }

  /** Listens no more. Open connections stay open. */
  close(): void {
    this.rest();
    this.server?.close();
  }

  /** Wants the name no more. */
  private rest(): void {
    clearTimeout(this.timer);
    this.become('stopped');
    this.held?.destroy();
  }

  /** Removes the socket's file if it is ours; another process may have replaced it. */
  remove(): void {
    try {
      if (this.id !== undefined) removeOwn(this.options.path, this.id);
    } catch (error) {
      this.options.warn('the socket cannot be removed', error);
    }
  }

  private acquire(): void {
    if (this.current === 'stopped') return;
    try {
      const found = socketAt(this.options.path);
      if (found === undefined) this.listen(claimName);
      else this.ask(found);
    } catch (error) {
      this.options.failed(error as Error);
    }
  }

  private acquireIn(ms: number): void {
    this.timer = setTimeout(() => {
      this.acquire();
    }, ms);
  }

  /** Listens, and takes the name once connections are welcome. */
  private listen(take: (from: string, path: string) => boolean): void {
    const { path } = this.options;
    const name = nameBeside(path);
    const server = createServer((socket) => {
      this.options.connected(socket);
    });
    server.on('error', (error) => {
      this.options.failed(error);
    });
    // Kong's workers may be another user than the one who starts this process, and a socket they cannot open is K7 for ever. Who may
    // reach it is up to the folder it is in.
    server.listen({ path: name, backlog: BACKLOG, readableAll: true, writableAll: true });
    const id = socketAt(name);
    if (id === undefined) return; // It could not listen; its error event says why.
    if (!take(name, path)) {
      server.close();
      this.acquire();
      return;
    }
    this.server?.close();
    this.server = server;
    this.id = id;
    this.held?.destroy();
    this.become('active');
    this.look();
  }

  /** Connects to whoever owns the name. */
  private ask(found: SocketId): void {
    const { path } = this.options;
    const socket = connect(path);
    this.held = socket;
    let next = (): void => {
      this.acquire();
    };
    let since: number | undefined;
    socket.on('connect', () => {
      since = performance.now();
      this.become('standby');
      socket.write(STANDBY_CALL);
    });
    socket.on('data', (data) => {
      if (this.current === 'standby' && data.equals(INVITATION)) this.listen(seizeName);
    });
    socket.on('error', (error) => {
      if (hasCode(error, 'ECONNREFUSED')) {
        next = () => {
          removeStale(path, found);
          this.acquire();
        };
      } else if (since === undefined && !hasCode(error, 'ENOENT')) {
        // An owner whose backlog is full is alive. Whatever else it is, it may pass.
        this.options.warn('the owner of the socket cannot be reached; trying again', error);
        next = () => {
          this.acquireIn(LOOK_MS);
        };
      }
    });
    socket.on('close', () => {
      if (this.current === 'stopped' || this.current === 'active') return;
      try {
        // An owner that dies may lose its listener last, and never accept this one; one that is out of file descriptors ends this one
        // at once, and would the next.
        const isBrief = since !== undefined && performance.now() - since < LOOK_MS;
        this.brief = isBrief ? Math.min(this.brief + 1, MOST_AGAIN_MS) : 0;
        if (isBrief) this.acquireIn(this.brief);
        else next();
      } catch (error) {
        this.options.failed(error as Error);
      }
    });
  }

  /** The name is ours as long as it leads to us: Kong's container start, for one, deletes every socket in the prefix. */
  private look(): void {
    this.timer = setTimeout(() => {
      if (this.isOurs()) {
        this.look();
      } else {
        this.options.warn('the socket was removed or replaced; taking it back if it is free');
        this.become('starting');
        this.acquire();
      }
    }, LOOK_MS).unref();
  }

  private isOurs(): boolean {
    try {
      return isSame(socketAt(this.options.path), this.id);
    } catch (error) {
      this.options.warn('the socket cannot be looked after', error);
      return true;
    }
  }

  private become(role: Role): void {
    if (role === this.current) return;
    this.current = role;
    this.options.became(role);
  }
}

function seizeName(from: string, path: string): boolean {
  renameSync(from, path);
  return true;
}
