import { connect, type Socket } from 'node:net';
import type { Clock } from '../core/ports';
import { encodeCall, encodeResult } from '../rpc/messages';
import type { OpenCall } from './connection';
import type { Connections } from './connections';
import { pollUntil } from './poll';
import { hasCode, removeStale, socketAt, type SocketId } from './socket-file';
import { type Attempt, SocketOwner } from './socket-owner';

/** The call by which a process asks the owner of the socket to be its standby. Its answer is the invitation to take over. */
export const STANDBY_METHOD = 'serverless.StandBy';
const STANDBY_CALL_ID = 1;
const STANDBY_CALL = encodeCall(STANDBY_CALL_ID, STANDBY_METHOD);
const INVITATION = encodeResult(STANDBY_CALL_ID, 'take over');

/** A standby whose connection to the owner ends sooner than this, or cannot be made, asks again later. */
const RETRY_MS = 250;
/** If its connections keep ending at once, it asks again after 1 ms, 2 ms, ... and then this. */
const MAX_BRIEF_RETRY_MS = 20;
/** How long an owner that shuts down waits until a standby that it invited has the name. It takes a millisecond on an idle machine. */
const TAKE_OVER_MS = 5000;
/**
 * How long Kong may take to close its connections where another process serves new ones. It does so at once, but a worker that is
 * busy, with a new configuration for example, can take a second. Closing one that it may use is the last resort.
 */
const KONG_CLOSES_MS = 5000;
/** How often Kong is asked to close them. */
const ASK_MS = 100;
/** How long the last answers may take, and Kong to close its connections where no other process serves new ones. */
const LAST_ANSWERS_MS = 1000;

/** `active`: Kong's calls come here. `standby`: they go to another live process, and come here when that one dies. */
export type Role = 'starting' | 'active' | 'standby' | 'stopped';

/** What the RPC server has to know of a hand-over. */
export interface Succession {
  /** A process asks to stand by. */
  standBy(call: OpenCall): void;
  /**
   * Whether another process has taken the socket over. A request that comes here after that is sent there, by the answer for which
   * Kong starts the instance anew (K8). Before that, or without another process, that start would fail and leave the worker spinning
   * (K7), so the request is served here.
   */
  hasSuccessor(): boolean;
}

export interface HandOverOptions {
  readonly path: string;
  /** Permissions of the socket. */
  readonly mode: number;
  readonly clock: Clock;
  readonly connected: (socket: Socket) => void;
  /** Called at every change. */
  readonly became: (role: Role) => void;
  /** Something is wrong that may pass. */
  readonly warn: (message: string, error?: unknown) => void;
  /** The socket cannot be owned now or ever: no permission, no directory, not a socket. */
  readonly failed: (error: Error) => void;
}

/** What Kong has open to a process that shuts down. */
export interface Served {
  readonly connections: Connections;
  readonly events: { readonly size: number };
  /** Sends every request to the process that has the socket now. */
  redirect(): void;
  close(): void;
}

/**
 * How the socket changes hands among any number of processes. One that finds a live owner stands by: it holds a connection to the
 * owner, and takes the name over when it is invited or the connection ends. A socket where nobody answers is stale, and is replaced.
 * So Kong may start this plugin server although it was started before Kong, as it should be (K7, K9).
 */
export class HandOver implements Succession {
  readonly #options: HandOverOptions;
  readonly #owner: SocketOwner;
  #role: Role = 'starting';
  /** As a standby: the connection to the owner. */
  #toOwner: Socket | undefined;
  /** As a standby: how many connections to the owner, one after the other, ended at once. */
  #brief = 0;
  #cancelRetry: (() => void) | undefined;
  /** As the owner: the calls of those that stand by. */
  readonly #standbys = new Set<OpenCall>();
  #standbyCame = (): void => undefined;
  #isPassingOn = false;
  #isClosing = false;

  constructor(options: HandOverOptions) {
    this.#options = options;
    const { path, mode, clock, connected, warn, failed } = options;
    const lost = (): void => {
      if (this.#isPassingOn) return;
      warn('the socket was removed or replaced; taking it back if it is free');
      this.#become('starting');
      this.#acquire();
    };
    this.#owner = new SocketOwner({ path, mode, clock, connected, lost, warn, failed });
  }

  get role(): Role {
    return this.#role;
  }

  /** Whether another process waits to take over from this one, as far as its call has been read. */
  get hasStandby(): boolean {
    return this.#standbys.size > 0;
  }

  /**
   * Whether another process waits to take over from this one. On a busy machine the call of one that stands by already may not have been
   * read yet: whatever has arrived is read first.
   */
  async findsStandby(): Promise<boolean> {
    if (this.#role !== 'active') return false;
    if (this.#standbys.size === 0) await this.#owner.acceptWaiting();
    return this.#standbys.size > 0;
  }

  /** Listens at once if the name is free; else finds out whether its owner is alive. */
  start(): void {
    this.#acquire();
  }

  standBy(call: OpenCall): void {
    if (this.#isClosing) {
      // Too late to be invited: it finds the name free.
      call.hangUp();
      return;
    }
    this.#standbys.add(call);
    this.#standbyCame();
    call.onLost = () => {
      this.#standbys.delete(call);
    };
  }

  /** Resolves when a process asks to stand by from now on. */
  standbyComes(): Promise<void> {
    return new Promise((resolve) => (this.#standbyCame = resolve));
  }

  hasSuccessor(): boolean {
    return this.#role === 'stopped' && this.#owner.isReplaced();
  }

  /**
   * Passes the name to a standby, without a moment in which nobody owns it, and sends every request there: Kong begins it anew, and
   * what is held here is held there. False: there is no standby that takes it.
   *
   * @param exitBy when the process must have exited, on the clock
   */
  async passOn(served: Served, exitBy: number): Promise<boolean> {
    if (this.#role !== 'active') return false;
    this.#isPassingOn = true;
    for (const call of this.#standbys) {
      call.answer(INVITATION, true);
      const isSettled = (): boolean => this.#owner.isReplaced() || !call.isConnected;
      await this.#until(isSettled, TAKE_OVER_MS, exitBy);
      if (!this.#owner.isReplaced()) continue;
      this.#stopTakingOver();
      await this.#owner.acceptWaiting();
      served.redirect();
      return true;
    }
    this.#isPassingOn = false;
    return false;
  }

  /**
   * Gives the name up if it was not passed on, has Kong close its connections, and stops listening.
   *
   * @param exitBy when all of it must be over, on the clock
   */
  async shutDown(served: Served, exitBy: number): Promise<void> {
    const { connections, events } = served;
    const owner = this.#owner;
    this.#stopTakingOver();
    owner.remove();
    await owner.acceptWaiting();
    this.#isClosing = true;
    // A standby waits for the end of its connection.
    for (const call of this.#standbys) call.hangUp();
    const limit = this.#options.clock.now() + (owner.isReplaced() ? KONG_CLOSES_MS : LAST_ANSWERS_MS);
    while (connections.size > 0 && this.#options.clock.now() < Math.min(limit, exitBy)) {
      connections.askToClose();
      await this.#until(() => connections.size === 0, ASK_MS, exitBy);
    }
    await this.#until(() => events.size === 0, LAST_ANSWERS_MS, exitBy);
    owner.close();
    served.close();
    await this.#until(() => connections.size === 0, LAST_ANSWERS_MS, exitBy);
  }

  /** Gives everything up at once, for a process that exits. */
  abandon(): void {
    this.#owner.remove();
    this.#stopTakingOver();
    this.#owner.close();
  }

  async #until(done: () => boolean, limitMs: number, exitBy: number): Promise<void> {
    await pollUntil(this.#options.clock, done, limitMs, exitBy);
  }

  #stopTakingOver(): void {
    this.#become('stopped');
    this.#cancelRetry?.();
    this.#owner.stopChecking();
    this.#toOwner?.destroy();
  }

  #acquire(): void {
    if (this.#role === 'stopped') return;
    this.#orFail(() => {
      const found = socketAt(this.#options.path);
      if (found !== undefined) this.#askOwner(found);
      else this.#take(this.#owner.claim());
    });
  }

  #acquireIn(ms: number): void {
    this.#cancelRetry = this.#options.clock.after(ms, () => {
      this.#acquire();
    });
  }

  #take(attempt: Attempt): void {
    if (attempt === 'taken') this.#acquire();
    if (attempt !== 'owned') return;
    this.#become('active');
    this.#toOwner?.destroy();
  }

  #orFail(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.failed(error as Error);
    }
  }

  /** Connects to whoever owns the name, and stands by if that one is alive. */
  #askOwner(found: SocketId): void {
    const { path, clock, warn } = this.#options;
    const socket = connect(path);
    this.#toOwner = socket;
    let next = (): void => {
      this.#acquire();
    };
    let since: number | undefined;
    socket.on('connect', () => {
      since = clock.now();
      this.#become('standby');
      socket.write(STANDBY_CALL);
    });
    socket.on('data', (data) => {
      if (this.#role !== 'standby' || !data.subarray(0, INVITATION.length).equals(INVITATION)) return;
      this.#orFail(() => {
        this.#take(this.#owner.seize());
      });
    });
    socket.on('error', (error) => {
      if (hasCode(error, 'ECONNREFUSED')) {
        next = () => {
          removeStale(path, found);
          this.#acquire();
        };
      } else if (since === undefined && !hasCode(error, 'ENOENT')) {
        // An owner whose backlog is full is alive. Whatever else it is, it may pass.
        warn('the owner of the socket cannot be reached; trying again', error);
        next = () => {
          this.#acquireIn(RETRY_MS);
        };
      }
    });
    socket.on('close', () => {
      if (this.#role === 'stopped' || this.#role === 'active') return;
      // An owner that dies may lose its listener last, and never accept this one; one that is out of file descriptors ends this one at
      // once, and would the next.
      const isBrief = since !== undefined && clock.now() - since < RETRY_MS;
      this.#brief = isBrief ? Math.min(this.#brief + 1, MAX_BRIEF_RETRY_MS) : 0;
      if (isBrief) this.#acquireIn(this.#brief);
      else this.#orFail(next);
    });
  }

  #become(role: Role): void {
    if (role === this.#role) return;
    this.#role = role;
    this.#options.became(role);
  }
}
