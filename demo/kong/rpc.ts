import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { decodeMulti, encode } from '@msgpack/msgpack';
import { messageOf } from '../error-message';

/** The plugin server answered with an error, or not at all. Kong 2.8 logs it and proxies the request: it fails open. */
export class RpcError extends Error {}

/** Kong's assertions on an answer failed: it answers the request 500. */
export class RpcProtocolError extends Error {}

/** Connections that Kong keeps per nginx worker: `lua_socket_pool_size` and `lua_socket_keepalive_timeout`. */
const POOL_SIZE = 30;
const KEEP_ALIVE_MS = 60_000;

/**
 * Calls a plugin server as one nginx worker of Kong 2.8 does (kong/runloop/plugin_servers/mp_rpc.lua): one MessagePack request
 * `[0, id, method, [argument]]` on a pooled connection, notifications `[2, label, value]` and one answer `[1, id, error, result]`.
 */
export class PluginRpc {
  #messageId = 0;
  readonly #idle: Socket[] = [];
  readonly #socketPath: string;
  readonly #readTimeoutMs: number;

  /**
   * @param readTimeoutMs How long the plugin server may be silent: 60 s in Kong unless `lua_socket_read_timeout` says otherwise (K1).
   */
  constructor(socketPath: string, readTimeoutMs: number) {
    this.#socketPath = socketPath;
    this.#readTimeoutMs = readTimeoutMs;
  }

  /**
   * The result of one call. Throws RpcError, RpcProtocolError, or the signal's reason when the client left: nginx then drops the
   * connection with the call on it (K11).
   */
  async call(method: string, argument: unknown, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#messageId;
    const socket = await this.#connection();
    let error: unknown;
    let result: unknown;
    // A Lua table holds no nil: a Step without a result has no `Data`.
    const frame = encode([0, id, method, [argument]], { ignoreUndefined: true });
    try {
      const { answer, unread } = await this.#exchange(socket, frame, signal);
      if (answer[0] !== 1) throw new RpcProtocolError('RPC response expected from Go plugin server');
      if (answer[1] !== id) throw new RpcProtocolError('unexpected RPC response ID from Go plugin server');
      // nginx does not pool a connection that has more to read.
      if (unread) socket.destroy();
      else this.#release(socket);
      [, , error, result] = answer;
    } catch (failure) {
      if (failure instanceof ReadTimeout) {
        // Kong returns this connection to its pool, and so do we: a late answer on it is K2.
        this.#release(socket);
        throw new RpcError('no data');
      }
      socket.destroy();
      throw failure;
    }
    if (error === null || error === undefined) return result;
    throw new RpcError(typeof error === 'string' ? error : JSON.stringify(error));
  }

  /** Closes the pooled connections. */
  close(): void {
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }

  async #connection(): Promise<Socket> {
    const pooled = this.#idle.pop();
    if (pooled !== undefined) {
      pooled.removeAllListeners().setTimeout(0);
      return pooled;
    }
    return new Promise((resolve, reject) => {
      const socket = connect(this.#socketPath);
      socket.once('connect', () => {
        socket.removeAllListeners();
        resolve(socket);
      });
      socket.once('error', (error) => {
        reject(new RpcError(messageOf(error)));
      });
    });
  }

  /** Reads until one answer is complete. A chunk may hold a fraction of a frame, or several frames. */
  async #exchange(socket: Socket, frame: Uint8Array, signal: AbortSignal | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      const settle = (act: () => void): void => {
        socket.removeAllListeners().setTimeout(0);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const fail = (error: Error): void => {
        settle(() => {
          reject(error);
        });
      };
      const onAbort = (): void => {
        fail(new RpcError('the client left'));
      };
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort);
      socket.setTimeout(this.#readTimeoutMs, () => {
        fail(new ReadTimeout());
      });
      socket.on('error', (error) => {
        fail(new RpcError(messageOf(error)));
      });
      socket.on('close', () => {
        fail(new RpcError('no data'));
      });
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        const answer = takeAnswer(received);
        if (answer instanceof Error) fail(answer);
        else if (answer !== undefined) {
          settle(() => {
            resolve(answer);
          });
        }
      });
      socket.write(frame);
    });
  }

  #release(socket: Socket): void {
    if (socket.destroyed) return;
    const drop = (): void => {
      socket.destroy();
      const at = this.#idle.indexOf(socket);
      if (at >= 0) this.#idle.splice(at, 1);
    };
    // nginx closes an idle connection on which anything arrives.
    socket.once('data', drop).once('close', drop).once('error', drop);
    socket.setTimeout(KEEP_ALIVE_MS, drop);
    this.#idle.push(socket);
    if (this.#idle.length > POOL_SIZE) this.#idle.shift()?.destroy();
  }
}

class ReadTimeout extends Error {}

interface Answer {
  readonly answer: unknown[];
  /** Whether more has arrived than Kong reads with the answer. What it reads beyond the answer is lost. */
  readonly unread: boolean;
}

/** Bytes that Kong reads at once (`receiveany`); an answer is shorter. */
const READS = 4096;

/** The first frame that is not a notification; undefined while it is incomplete. */
function takeAnswer(received: Buffer): Answer | Error | undefined {
  try {
    for (const frame of decodeMulti(received)) {
      if (!Array.isArray(frame)) return new RpcProtocolError('RPC response expected from Go plugin server');
      if (frame[0] !== 2) return { answer: frame as unknown[], unread: received.length > READS };
    }
    return undefined;
  } catch (error) {
    return error instanceof RangeError ? undefined : new RpcProtocolError(messageOf(error));
  }
}
