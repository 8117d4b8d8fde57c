import type { Socket } from 'node:net';
import type { Logger } from '../core/ports';
import { FAREWELL } from '../rpc/close-notice';
import { FrameReader, type FrameHandler } from '../rpc/frames';
import { type Call, decodeCall, readHead } from '../rpc/messages';
import type { PhaseRun } from './phase-run';

/**
 * So much may wait for a peer that does not read. Kong reads every answer before it calls again, so this is far more than one
 * connection of Kong ever owes.
 */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

/** What a connection reports. */
export interface ConnectionHandler {
  call(connection: Connection, call: Call): void;
  /** A call that cannot be decoded or is too large, as far as its first bytes tell which one it is. */
  badCall(connection: Connection, call: Pick<Call, 'msgid' | 'method'>, reason: string): void;
  closed(connection: Connection): void;
}

/** One connection of an nginx worker: frames in, answers out. Whatever happens on it ends with it (K2, K24). */
export class Connection implements FrameHandler {
  /** Runs that owe Kong an answer on this connection; with a real Kong at most one. */
  readonly waiting = new Set<PhaseRun>();
  private readonly reader = new FrameReader(this);
  private finishing = false;
  /** In Kong's pool: its last call has had its answer, and no Step is to come, which Kong sends on the connection it had last. */
  private idle = false;

  constructor(
    private readonly socket: Socket,
    private readonly handler: ConnectionHandler,
    private readonly log: Logger,
  ) {
    // K2: kong-pdk has no such listener, and a reset connection ends its process with every hold.
    socket.on('error', (error) => {
      log.debug({ err: error }, 'connection of Kong failed');
    });
    socket.on('data', (chunk: Buffer) => {
      this.idle = false;
      this.reader.read(chunk);
    });
    socket.on('close', () => {
      for (const run of [...this.waiting]) run.drop();
      handler.closed(this);
    });
  }

  /**
   * Sends an answer.
   *
   * @param more Kong will send a Step for it, on any of its connections
   */
  send(bytes: Uint8Array, more = false): void {
    if (!this.socket.writable) return;
    this.idle = !more;
    const sent = this.socket.write(this.finishing && !more ? Buffer.concat([bytes, FAREWELL]) : bytes);
    if (sent || this.socket.writableLength <= MAX_UNSENT_BYTES) return;
    this.log.warn({ bytes: this.socket.writableLength }, 'a connection is closed: its peer does not read the answers');
    this.socket.destroy();
  }

  /** Has Kong close the connection, as soon as it waits for nothing on it. */
  finish(): void {
    this.finishing = true;
    if (this.idle && this.socket.writable) this.socket.write(FAREWELL);
  }

  /** Ends the connection now. */
  end(): void {
    this.socket.end();
  }

  frame(bytes: Uint8Array): void {
    const call = decodeCall(bytes);
    if (call === undefined) this.bad(bytes, 'not a MessagePack-RPC call');
    else this.handler.call(this, call);
  }

  oversized(head: Uint8Array): void {
    this.bad(head, 'too large');
  }

  malformed(head: Uint8Array): void {
    this.bad(head, 'malformed');
    // The end of a malformed frame is unknown, so nothing after it can be read.
    this.socket.end();
  }

  private bad(head: Uint8Array, reason: string): void {
    const call = readHead(head);
    this.log.warn({ method: call?.method, reason }, 'a message of a connection cannot be read');
    if (call === undefined) this.socket.destroy();
    else this.handler.badCall(this, call, reason);
  }
}
