import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from '@msgpack/msgpack';
import type { Kong, PhaseContext, PluginInstance } from '../../../src/kong/contract';
import { FrameReader } from '../../../src/rpc/frames';
import { RpcServer } from '../../../src/server/rpc-server';
import { FakeClock } from '../../support/fake-clock';
import { RpcClient } from '../../support/rpc-client';

export type Access = (kong: Kong, context: PhaseContext, config: unknown) => Promise<void> | void;

/** A log that remembers its lines. */
export class RecordingLog {
  readonly lines: { readonly level: string; readonly text: string; readonly fields: unknown }[] = [];
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  texts(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text);
  }

  #writer(level: string) {
    return (...args: unknown[]): void => {
      this.lines.push({ level, text: args.find((arg) => typeof arg === 'string') as string, fields: args[0] });
    };
  }
}

/** A folder for sockets, short enough for their names. */
export class TempFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'rpc-'));

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A plugin server on a real socket, with a plugin made of one function, a clock that stands still, and a client. */
export class ServerRig {
  readonly clock = new FakeClock();
  readonly log = new RecordingLog();
  readonly rpc: RpcServer;
  /** Whether another process has the socket by now. */
  hasSuccessor = false;
  /** Codes of the requests that the server answered with an error. */
  readonly rejected: string[] = [];
  readonly client: RpcClient;
  readonly #folder = new TempFolder();
  readonly path = this.#folder.file('s');
  readonly #server = createServer((socket) => {
    this.rpc.connections.accept(socket);
  });
  readonly served: { readonly ms: number; readonly asked: boolean }[] = [];
  readonly #raw: Socket[] = [];

  constructor(access: Access, construct: (config: unknown) => void = () => undefined) {
    class Plugin implements PluginInstance {
      readonly #config: unknown;

      constructor(config: unknown) {
        this.#config = config;
        construct(config);
      }

      access(kong: Kong, context?: PhaseContext): Promise<void> | void {
        return access(kong, context as PhaseContext, this.#config);
      }
    }
    const module = { Name: 'serverless', Version: '1.2.3', Priority: 7, Schema: [{ a: { type: 'string' } }], Plugin };
    const succession = { standBy: () => undefined, hasSuccessor: () => this.hasSuccessor };
    this.rpc = new RpcServer({
      module,
      succession,
      onRejected: (code) => this.rejected.push(code),
      onServed: (ms, asked) => this.served.push({ ms, asked }),
      clock: this.clock,
      log: this.log,
    });
    this.client = new RpcClient(this.path);
  }

  async start(): Promise<this> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    await this.client.close();
    for (const socket of this.#raw) socket.destroy();
    this.rpc.close();
    this.#server.close();
    await once(this.#server, 'close');
    this.#folder.remove();
  }

  /** A connection on which a test writes bytes. */
  async connect(): Promise<RawConnection> {
    const socket = connect(this.path);
    await once(socket, 'connect');
    this.#raw.push(socket);
    return new RawConnection(socket);
  }
}

/** Bytes out, decoded messages in. */
export class RawConnection {
  readonly responses: unknown[] = [];
  readonly #waiters: (() => void)[] = [];
  closed = false;

  constructor(readonly socket: Socket) {
    const reader = new FrameReader({
      frame: (bytes) => this.responses.push(decode(bytes)),
      oversized: () => socket.destroy(),
      malformed: () => socket.destroy(),
    });
    socket.on('data', (chunk: Buffer) => {
      reader.read(chunk);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  write(...chunks: Uint8Array[]): void {
    this.socket.write(Buffer.concat(chunks));
  }

  /** Once `count` responses have come in all. */
  async received(count: number): Promise<unknown[]> {
    await this.#until(() => this.responses.length >= count || this.closed);
    return this.responses;
  }

  async end(): Promise<void> {
    await this.#until(() => this.closed);
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/** Resolves once `done` holds: for what happens on the other side of a socket. Gives up after 10 s. */
export async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries += 1) {
    if (tries === 10_000) throw new Error(`never came true: ${done.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
