import type { Socket } from 'node:net';
import type { Clock, Logger } from '../core/ports';
import { CLOSE_NOTICE, lastAnswer } from '../rpc/close-notice';
import { FrameReader, type FrameHandler } from '../rpc/frames';
import { type Call, decodeCall, readHead } from '../rpc/messages';

/** Kong reads every answer before it calls again, so one of its connections never comes close to this much unsent data. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/**
 * Kong has one call outstanding on a connection. A second one means that it gave up on the first, after 60 s (K1); an answer to that
 * one would reach the wrong request (K2). A phase answers with a heartbeat every 20 s, so 30 s are proof enough.
 */
const OVERTAKEN_MS = 30_000;

/**
 * `kong`: it is new, or Kong is sending a call or waits for its answer. `step`: Kong runs a PDK call, and sends its Step most likely
 * here, for it takes the connection that it used last. `stepElsewhere`: it has not done so for a while. `idle`: in Kong's pool. `told`: Kong closes it.
 */
type Turn = 'kong' | 'step' | 'stepElsewhere' | 'idle' | 'told';

/** What a connection reports. */
export interface ConnectionHandler {
  called(call: OpenCall): void;
  /** A call that cannot be decoded or is too large. Its number and method are known, its arguments are not. */
  unreadable(call: OpenCall, reason: string): void;
}

/** One connection of an nginx worker: calls in, answers out. Whatever goes wrong on it ends this connection only (K2, K24). */
export class Connection implements FrameHandler {
  readonly #socket: Socket;
  readonly #handler: ConnectionHandler;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #reader = new FrameReader(this);
  /** Calls without an answer yet; from a real Kong at most one. */
  readonly #waiting = new Set<OpenCall>();
  #closing = false;
  #turn: Turn = 'kong';

  constructor(socket: Socket, handler: ConnectionHandler, clock: Clock, log: Logger) {
    this.#socket = socket;
    this.#handler = handler;
    this.#clock = clock;
    this.#log = log;
    // K2: kong-pdk has no such listener, so a connection reset ends its process and every hold.
    socket.on('error', (error) => {
      log.debug({ err: error }, 'connection of Kong failed');
    });
    socket.on('data', (chunk: Buffer) => {
      this.#turn = 'kong';
      this.#reader.read(chunk);
    });
    socket.on('close', () => {
      for (const call of this.#waiting) call.onLost?.();
      this.#waiting.clear();
    });
  }

  /**
   * Asks Kong to close the connection: now if it is idle, or else with the next answer after which no Step follows. Kong may miss it,
   * so it is called again until the connection is closed.
   */
  askToClose(): void {
    this.#closing = true;
    if (!this.#socket.writable) return;
    if (this.#turn === 'idle' || this.#turn === 'stepElsewhere') this.#socket.write(CLOSE_NOTICE);
    else if (this.#turn === 'step') this.#turn = 'stepElsewhere';
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Closes the connection once what was answered is sent. */
  end(): void {
    this.#socket.end();
  }

  /** Sends the answer of a call. For `OpenCall` only. */
  send(call: OpenCall, bytes: Uint8Array, more: boolean): void {
    this.#waiting.delete(call);
    if (!this.#socket.writable) return;
    const last = this.#closing && !more ? lastAnswer(bytes) : undefined;
    if (last !== undefined) this.#turn = 'told';
    else this.#turn = more ? 'step' : 'idle';
    const sent = this.#socket.write(last ?? bytes);
    if (sent || this.#socket.writableLength <= MAX_UNSENT_BYTES) return;
    this.#log.warn(
      { bytes: this.#socket.writableLength },
      'a connection is closed: its peer does not read the answers',
    );
    this.#socket.destroy();
  }

  frame(bytes: Uint8Array): void {
    const call = decodeCall(bytes);
    if (call === undefined) {
      this.#unreadable(bytes, 'not a MessagePack-RPC call');
      return;
    }
    if (this.#waiting.size > 0) this.#dropOvertaken();
    const open = new OpenCall(this, call);
    this.#handler.called(open);
    if (!open.isAnswered) this.#wait(open);
  }

  oversized(head: Uint8Array): void {
    this.#unreadable(head, 'too large');
  }

  malformed(head: Uint8Array): void {
    this.#unreadable(head, 'malformed');
    // The end of a malformed frame is unknown, so nothing after it can be read.
    this.#socket.end();
  }

  #wait(call: OpenCall): void {
    call.since = this.#clock.now();
    this.#waiting.add(call);
  }

  #dropOvertaken(): void {
    const limit = this.#clock.now() - OVERTAKEN_MS;
    for (const call of this.#waiting) {
      if (call.since > limit) continue;
      this.#log.warn({}, 'Kong did not wait for the end of a phase: its request went on without this plugin');
      this.#waiting.delete(call);
      call.onLost?.();
    }
  }

  #unreadable(head: Uint8Array, reason: string): void {
    const call = readHead(head);
    this.#log.warn({ method: call?.method, reason }, 'a message of a connection cannot be read');
    if (call === undefined) this.#socket.destroy();
    else this.#handler.unreadable(new OpenCall(this, { ...call, args: [] }), reason);
  }
}

/** A call of Kong that waits for its one answer. */
export class OpenCall {
  /** Called when Kong no longer waits: its connection closed, or it made another call on it. */
  onLost: (() => void) | undefined;
  /** When Kong began to wait, if the answer did not come at once. */
  since = 0;
  isAnswered = false;
  readonly msgid: number;
  readonly method: string;
  readonly #args: readonly unknown[];
  readonly #connection: Connection;

  constructor(connection: Connection, { msgid, method, args }: Call) {
    this.#connection = connection;
    this.msgid = msgid;
    this.method = method;
    this.#args = args;
  }

  /** Kong's calls have one argument. */
  get argument(): unknown {
    return this.#args[0];
  }

  /**
   * Answers it.
   *
   * @param more Kong will send a Step in return, on any of its connections
   */
  answer(bytes: Uint8Array, more = false): void {
    this.isAnswered = true;
    this.#connection.send(this, bytes, more);
  }

  /** Asks Kong to close the call's connection with the answer. */
  askToClose(): void {
    this.#connection.askToClose();
  }

  /** Whether the caller is there, answered or not. */
  get isConnected(): boolean {
    return this.#connection.isOpen;
  }

  /** Closes the call's connection instead of answering. */
  hangUp(): void {
    this.#connection.end();
  }
}
