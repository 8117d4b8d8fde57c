import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../error-message';
import type { Journal } from '../journal';
import { answer } from './answer';
import type { Asked } from './answer';
import { Forwarder } from './forward';
import type { Exchange } from './pdk';
import { PhaseRunner } from './phase';
import { routeFor } from './routes';
import type { Route } from './routes';
import { PluginRpc } from './rpc';
import type { KongVersion } from './version';

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** The Kong that it plays. */
  readonly version: KongVersion;
  readonly plugin: string;
  readonly socketPath: string;
  /** How long the plugin server may be silent on one call (K1). */
  readonly readTimeoutMs: number;
  /** Whether a request is aborted when its client disconnects (K11). */
  readonly checkClientAbort: boolean;
  /** How long Kong keeps a connection to a backend that nobody uses: one that is open looks like a request that is not finished. */
  readonly upstreamIdleMs: number;
}

/** A request on a route with the plugin, and its response. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  /** As the client sent them. */
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly ms: number;
}

/** As much of Kong as a request for a sleeping backend meets: routing, the plugin's access phase, balancing. */
export class Gateway {
  readonly #rpc: PluginRpc;
  readonly #phases: PhaseRunner;
  #forwarder: Forwarder | undefined;
  readonly #server: Server;
  #routes: readonly Route[] = [];
  readonly #options: GatewayOptions;
  readonly #journal: Journal;
  readonly #onAnswered: (answered: Answered) => void;

  constructor(options: GatewayOptions, journal: Journal, onAnswered: (answered: Answered) => void = () => undefined) {
    this.#options = options;
    this.#journal = journal;
    this.#onAnswered = onAnswered;
    this.#rpc = new PluginRpc(options.socketPath, options.readTimeoutMs);
    this.#phases = new PhaseRunner(options.plugin, options.version, this.#rpc, journal);
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
    // Nothing is sent for a request while it is held: Node's own timeout must not end it.
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 75_000;
  }

  /** Listens; resolves with the port. Rejects if the port is taken. */
  async listen(): Promise<number> {
    this.#forwarder = await Forwarder.create(this.#options.upstreamIdleMs);
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // A burst of hundreds of connections must not find the backlog full (K4 is the same limit one hop further).
      this.#server.listen({ port: this.#options.port, host: this.#options.host, backlog: 4096 }, () => {
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes effect with the next request, as a configuration push to Kong. */
  setRoutes(routes: readonly Route[]): void {
    this.#routes = routes;
  }

  /** Stops listening and drops requests in progress. */
  async close(): Promise<void> {
    this.#rpc.close();
    this.#forwarder?.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAt = Date.now();
    const left = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished && this.#options.checkClientAbort) left.abort();
    });
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const route = routeFor(this.#routes, request.headers.host ?? '', path);
    const asked: Asked = { request, response, version: this.#options.version, requestId: this.#identify(response) };
    if (route === undefined) {
      answer(asked, 404, 'no Route matched with those values');
      return;
    }
    const exchange: Exchange = { ...asked, route, answered: false, clientLeft: left.signal };
    if (route.plugin !== undefined) this.#tellAnswer(exchange, path, arrivedAt);
    try {
      if (route.plugin !== undefined) await this.#phases.access(route.plugin.config, exchange);
      if (exchange.answered || left.signal.aborted) return;
      await this.#forwarder?.forward(exchange, route, arrivedAt);
    } catch (error) {
      this.#journal.error('gateway', `${path}: ${messageOf(error)}`);
      answer(asked, 500, 'An unexpected error occurred');
    }
  }

  #identify(response: ServerResponse): string | undefined {
    if (!this.#options.version.isThree) return undefined;
    const id = randomUUID().replaceAll('-', '');
    response.setHeader('X-Kong-Request-Id', id);
    return id;
  }

  #tellAnswer({ request, response }: Exchange, path: string, arrivedAt: number): void {
    const headers = { ...request.headers };
    response.once('finish', () => {
      const { method = 'GET' } = request;
      this.#onAnswered({ method, path, headers, status: response.statusCode, ms: Date.now() - arrivedAt });
    });
  }
}
