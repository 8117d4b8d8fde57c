import http from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { OwnProbes } from '../../../src/adapters/own-probes';

/** A server on a free port of 127.0.0.1, and how to end it with all its connections. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Connections that it took. */
  readonly connections: () => number;
  /** Those that are open. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function listen(server: http.Server, scheme = 'http'): Promise<Listening> {
  const sockets = new Set<Socket>();
  let taken = 0;
  server.on('connection', (socket: Socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    connections: () => taken,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Waits for something that the kernel is about to tell us; the test's own timeout ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A request as the gateway saw it. */
export interface Seen {
  readonly worker: number;
  readonly socket: Socket;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/**
 * A gateway with several nginx workers: each new connection is taken by one of them and stays with it (K27), and the plugin runs
 * for each request.
 */
export class FakeGateway {
  readonly seen: Seen[] = [];
  /** Which worker takes the next connection. */
  assign: (connection: number) => number = () => 11;
  /** Workers that have the backend's address. */
  readonly ready = new Set<number>();
  /** What a request gets in place of 200 or 503. */
  answer: ((request: IncomingMessage, response: ServerResponse, worker: number) => void) | undefined;
  /** Whether requests come by the plugin. */
  plugin = true;
  #connections = 0;
  readonly #workers = new WeakMap<Socket, number>();
  #listening: Listening | undefined;
  readonly #ownProbes: OwnProbes;

  constructor(ownProbes: OwnProbes) {
    this.#ownProbes = ownProbes;
  }

  async start(): Promise<this> {
    const handler: RequestListener = (request, response) => {
      const worker = this.#workers.get(request.socket)!;
      const { url = '', headers } = request;
      this.seen.push({ worker, socket: request.socket, url, headers });
      const ticket = headers['x-serverless-probe'];
      if (this.plugin && typeof ticket === 'string') this.#ownProbes.met(ticket, worker);
      if (this.answer !== undefined) {
        this.answer(request, response, worker);
        return;
      }
      response.statusCode = this.ready.has(worker) ? 200 : 503;
      response.end('ok');
    };
    const server = http.createServer(handler);
    server.on('connection', (socket: Socket) => {
      this.#workers.set(socket, this.assign(this.#connections++));
    });
    this.#listening = await listen(server);
    return this;
  }

  get url(): string {
    return this.#listening!.url;
  }

  get connections(): number {
    return this.#connections;
  }

  get open(): number {
    return this.#listening!.sockets.size;
  }

  /** Workers of the probes so far. */
  get workers(): number[] {
    return this.seen.map(({ worker }) => worker);
  }

  /** Closes its connections, as workers do that end. */
  closeAll(): void {
    for (const socket of this.#listening!.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    await this.#listening?.close();
  }
}
