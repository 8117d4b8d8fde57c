import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { freePort } from '../../real-parts/ports';
import { SwitchedServer } from './switched-server';

/**
 * `asleep`: nothing listens. `unready`: the health path answers 503. `hanging`: connections are accepted, requests get no response.
 */
export type BackendState = 'asleep' | 'unready' | 'hanging' | 'ready';

export interface BackendOptions {
  /** In the body of every response. */
  name?: string;
  /** Requests whose path ends with this are health checks. */
  health?: string;
  state?: BackendState;
  /** Hosts that it takes, as Django's ALLOWED_HOSTS; a request with any other is answered 400. Default: any. */
  hosts?: readonly string[];
}

/** A backend that can be asleep: nothing listens on its port then. */
export class FakeBackend {
  /** Requests for the health path. */
  probes = 0;
  /** Requests for anything else. */
  served = 0;
  /** Requests with the probe header, which the gateway must remove. */
  tokensSeen = 0;
  /** Trace contexts of the requests for anything else. */
  readonly traces: (string | string[] | undefined)[] = [];
  /** When it last became ready, as `performance.now()`. */
  readyAt = NaN;
  #state: BackendState = 'asleep';
  readonly #server: SwitchedServer;
  /** Responses that have begun and are not finished, and connections that were upgraded. */
  readonly unfinished = new Set<ServerResponse | Duplex>();
  readonly #name: string;
  readonly #health: string;
  readonly #hosts: readonly string[] | undefined;

  private constructor(
    readonly port: number,
    { name = 'backend', health = '/healthz.html', hosts }: BackendOptions,
  ) {
    this.#name = name;
    this.#health = health;
    this.#hosts = hosts;
    this.#server = new SwitchedServer(
      port,
      (request, response) => {
        this.#answer(request, response);
      },
      (server) => {
        server.on('upgrade', (_, socket) => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
          socket.pipe(socket);
          this.unfinished.add(socket);
          socket.once('close', () => this.unfinished.delete(socket));
        });
      },
    );
  }

  static async start(options: BackendOptions = {}) {
    const { state = 'asleep' } = options;
    const backend = new FakeBackend(await freePort(), options);
    await backend.become(state);
    return backend;
  }

  /** As an upstream target of Kong. */
  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  async become(state: BackendState): Promise<void> {
    this.#state = state;
    if (state === 'asleep') await this.#server.close();
    else await this.#server.listen();
    if (state === 'ready') this.readyAt = performance.now();
  }

  /** Ends all that has begun. */
  finish(): void {
    for (const one of this.unfinished) one.end('finished');
  }

  stop(): Promise<void> {
    return this.become('asleep');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const isProbe = this.#health !== '' && path.endsWith(this.#health);
    if (isProbe) this.probes += 1;
    else {
      this.served += 1;
      this.traces.push(request.headers['traceparent']);
    }
    if (request.headers['x-serverless-probe'] !== undefined) this.tokensSeen += 1;
    if (path.endsWith('/digest')) {
      void digest(request, response);
      return;
    }
    request.resume();
    if (this.#state === 'hanging') return;
    response.statusCode = isProbe && this.#state === 'unready' ? 503 : 200;
    if (this.#hosts?.includes(request.headers.host ?? '') === false) response.statusCode = 400;
    response.setHeader('content-type', 'text/plain');
    if (!path.endsWith('/unfinished')) {
      response.end(`${this.#name} ${path}`);
      return;
    }
    response.write('begun ');
    this.unfinished.add(response);
    response.once('close', () => this.unfinished.delete(response));
  }
}

/** Answers with what came as the body, in short. */
const digest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  response.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
};
