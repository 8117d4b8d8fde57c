import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock, Logger } from '../core/ports';
import { type Ask, BackendActions } from './backend-actions';
import { LiveStatus } from './live-status';
import { openApi } from './open-api';
import { page, PAGE_POLICY } from './page';
import { send, sendJson } from './send';
import type { Status } from '../core/status';

/** Prometheus' text format, or OpenMetrics, which has exemplars. */
type MetricsFormat = 'prometheus' | 'openmetrics';

/** What the status server can tell, and do. */
export interface StatusSource extends Ask {
  /** Whether Kong's calls come to this process. */
  isActive(): boolean;
  metrics(format: MetricsFormat): Promise<string>;
  status(): Status;
}

export interface StatusListen {
  readonly host: string;
  readonly port: number;
  /** What callers from other machines have to send to wake a backend; undefined: only processes of this machine may. */
  readonly token: string | undefined;
}

/** How often a taken port is tried again. */
const RETRY_MS = 5000;
const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Metrics, status, a page of it, and the few things that an operator may do, over HTTP. It is not what this process is for: without its
 * port, which another process of ours may have, the process serves Kong and tries again.
 */
export class StatusServer {
  readonly #server: Server;
  readonly #listenOn: StatusListen;
  readonly #source: StatusSource;
  readonly #live: LiveStatus;
  readonly #actions: BackendActions;
  #cancelRetry: (() => void) | undefined;
  #warned = false;

  constructor(listenOn: StatusListen, source: StatusSource, clock: Clock, log: Logger) {
    this.#listenOn = listenOn;
    this.#source = source;
    this.#live = new LiveStatus(() => source.status(), clock);
    this.#actions = new BackendActions(source, listenOn.token, log);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        log.error({ err: error, url: request.url }, 'the status server failed');
        if (response.headersSent) response.destroy();
        else send(response, 500, 'text/plain', 'internal error\n');
      });
    });
    this.#server.on('listening', () => {
      this.#warned = false;
      log.info({ address: this.#server.address() }, 'status server listens');
    });
    this.#server.on('error', (error) => {
      const { host, port } = listenOn;
      // Once per loss of the port, not once per try.
      if (!this.#warned) log.warn({ err: error, host, port }, 'the status server cannot listen; trying again');
      this.#warned = true;
      this.#cancelRetry = clock.after(RETRY_MS, () => {
        this.start();
      });
    });
  }

  /** Listens, or tries again now if it does not. */
  start(): void {
    this.#cancelRetry?.();
    const { host, port } = this.#listenOn;
    if (!this.#server.listening) this.#server.listen({ host, port, exclusive: true });
  }

  /** Frees the port. */
  stop(): void {
    this.#cancelRetry?.();
    this.#live.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Where it listens; null while it does not. */
  address(): ReturnType<Server['address']> {
    return this.#server.address();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://status');
    if (request.method === 'POST' && this.#actions.answer(request, response, url.pathname)) return;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, 'text/plain', 'GET or HEAD only\n');
      return;
    }
    await this.#read(url, request, response);
  }

  async #read({ pathname, searchParams }: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const filter = searchParams.get('q') ?? '';
    switch (pathname) {
      case '/healthz': {
        const active = this.#source.isActive();
        send(response, active ? 200 : 503, 'text/plain', active ? 'ok\n' : 'standby\n');
        return;
      }
      case '/status':
        sendJson(response, 200, this.#source.status());
        return;
      case '/metrics': {
        const open = request.headers.accept?.includes('application/openmetrics-text');
        const format = open ? 'openmetrics' : 'prometheus';
        response.setHeader('Vary', 'Accept');
        send(response, 200, CONTENT_TYPES[format], await this.#source.metrics(format));
        return;
      }
      case '/openapi.json':
        sendJson(response, 200, openApi());
        return;
      case '/':
        response.setHeader('Content-Security-Policy', PAGE_POLICY);
        send(response, 200, 'text/html; charset=utf-8', page(this.#source.status(), filter));
        return;
      case '/events':
        this.#live.open(response, filter);
        return;
      default:
        send(response, 404, 'text/plain', 'There are /, /status, /metrics, /healthz and /openapi.json.\n');
    }
  }
}
