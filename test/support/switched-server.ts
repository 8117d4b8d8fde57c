import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** An HTTP server that comes and goes on one port, as a process that is started and killed does. */
export class SwitchedServer {
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #listener: RequestListener;
  readonly #setUp: (server: Server) => void;

  /** @param setUp what a server that has just been made needs besides */
  constructor(
    readonly port: number,
    listener: RequestListener,
    setUp: (server: Server) => void = () => undefined,
  ) {
    this.#listener = listener;
    this.#setUp = setUp;
  }

  async listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer(this.#listener);
    this.#server = server;
    server.keepAliveTimeout = 60_000;
    this.#setUp(server);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: this.port, host: '127.0.0.1', backlog: 4096 }, resolve);
    });
  }

  /** Ends every connection with it. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
