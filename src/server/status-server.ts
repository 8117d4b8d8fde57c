import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock, Logger } from '../core/ports';

/** Prometheus' text format, or OpenMetrics, which has exemplars. */
type MetricsFormat = 'prometheus' | 'openmetrics';

/** What the status server can tell. */
export interface StatusSource {
  /** Whether Kong's calls come to this process. */
  isActive(): boolean;
  metrics(format: MetricsFormat): Promise<string>;
  status(): object;
}

const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};
/** How often a taken port is tried again. */
const RETRY_MS = 5000;

/**
 * `/metrics`, `/status` and `/healthz` over HTTP, for Prometheus, people and probes of Kubernetes. It is not what this process is
 * for: without its port, which another process of ours may have, the process serves Kong and tries again.
 */
export class StatusServer {
  readonly #server: Server;
  readonly #listenOn: { readonly host: string; readonly port: number };
  readonly #source: StatusSource;
  #cancelRetry: (() => void) | undefined;
  #warned = false;

  constructor(
    listenOn: { readonly host: string; readonly port: number },
    source: StatusSource,
    clock: Clock,
    log: Logger,
  ) {
    this.#listenOn = listenOn;
    this.#source = source;
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
      // Once per loss of the port, not once per try.
      if (!this.#warned) log.warn({ err: error, ...listenOn }, 'the status server cannot listen; trying again');
      this.#warned = true;
      this.#cancelRetry = clock.after(RETRY_MS, () => {
        this.start();
      });
    });
  }

  /** Listens, or tries again now if it does not. */
  start(): void {
    this.#cancelRetry?.();
    if (!this.#server.listening) this.#server.listen({ ...this.#listenOn, exclusive: true });
  }

  /** Frees the port. */
  stop(): void {
    this.#cancelRetry?.();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Where it listens; null while it does not. */
  address(): ReturnType<Server['address']> {
    return this.#server.address();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, 'text/plain', 'GET or HEAD only\n');
      return;
    }
    const [path] = (request.url ?? '').split('?', 1);
    if (path === '/healthz') {
      const active = this.#source.isActive();
      send(response, active ? 200 : 503, 'text/plain', active ? 'ok\n' : 'standby\n');
    } else if (path === '/status') {
      send(response, 200, 'application/json', `${JSON.stringify(this.#source.status())}\n`);
    } else if (path === '/metrics') {
      const format = request.headers.accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
      response.setHeader('Vary', 'Accept');
      send(response, 200, CONTENT_TYPES[format], await this.#source.metrics(format));
    } else {
      send(response, 404, 'text/plain', 'There are /metrics, /status and /healthz.\n');
    }
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
