import { Agent } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { ProxyServer } from 'httpxy' with { 'resolution-mode': 'import' };
import type { Exchange } from './pdk';
import type { Route } from './routes';
import { answer, answerError } from './answer';

/** How many more endpoints Kong tries if one cannot be reached: `retries` of a service. */
const RETRIES = 5;

/** Proxies requests to the replicas of a service as Kong's balancer does: round robin over the ready ones. */
export class Forwarder {
  readonly #turns = new Map<string, number>();
  readonly #sentAt = new WeakMap<IncomingMessage, number>();
  readonly #proxy: ProxyServer;
  readonly #agent: Agent;

  private constructor(proxy: ProxyServer, agent: Agent) {
    this.#proxy = proxy;
    this.#agent = agent;
    proxy.on('proxyRes', (upstream, request) => {
      const sentAt = this.#sentAt.get(request) ?? Date.now();
      upstream.headers['x-kong-upstream-latency'] = String(Date.now() - sentAt);
    });
  }

  /**
   * Async because CommonJS can only `import()` the proxy library, an ES module.
   *
   * @param idleMs how long a connection to a replica is kept that nobody uses
   */
  static async create(idleMs: number): Promise<Forwarder> {
    const { createProxyServer } = await import('httpxy');
    const agent = new Agent({ keepAlive: true, timeout: idleMs });
    return new Forwarder(createProxyServer({ agent }), agent);
  }

  /** Answers with a replica's response, or with Kong's own error. */
  async forward(exchange: Exchange, route: Route, arrivedAt: number): Promise<void> {
    const { request, response, version, requestId } = exchange;
    setForwardedHeaders(request, route);
    if (requestId !== undefined) {
      request.headers['x-kong-request-id'] = requestId;
      request.headers.via = version.via;
    }
    if (route.stripPath) request.url = stripped(request.url ?? '/', route.path);
    // The proxy library adds two per attempt.
    response.setMaxListeners(2 * RETRIES + response.getMaxListeners());
    const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
    for (let attempt = 0; attempt <= RETRIES; attempt++) {
      const endpoint = exchange.target ?? this.#next(route);
      if (endpoint === undefined) {
        answer(exchange, 503, 'failure to get a peer from the ring-balancer');
        return;
      }
      const now = Date.now();
      this.#sentAt.set(request, now);
      response.setHeader('X-Kong-Proxy-Latency', now - arrivedAt);
      response.setHeader('Via', version.via);
      // The backend's own replaces it.
      if (version.isThree) response.setHeader('Server', `kong/${version.number}`);
      try {
        await this.#proxy.web(request, response, { target: `http://${endpoint}` });
        return;
      } catch {
        // A body that has been sent cannot be sent again.
        if (response.headersSent || exchange.clientLeft.aborted || hasBody) break;
      }
    }
    if (response.headersSent) response.destroy();
    else answerError(exchange, 502, 'An invalid response was received from the upstream server');
  }

  /** Closes the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #next(route: Route): string | undefined {
    const endpoints = route.service.endpoints();
    const turn = this.#turns.get(route.service.name) ?? 0;
    this.#turns.set(route.service.name, turn + 1);
    return endpoints[turn % Math.max(endpoints.length, 1)];
  }
}

function stripped(url: string, prefix: string): string {
  const rest = url.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Sets X-Forwarded-* and X-Real-IP. Kong trusts no client: what it sends counts only as the start of X-Forwarded-For. */
function setForwardedHeaders(request: IncomingMessage, route: Route): void {
  const { headers, socket } = request;
  const client = socket.remoteAddress ?? '';
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? client : `${String(before)}, ${client}`;
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-host'] = (headers.host ?? '').replace(/:\d+$/, '');
  headers['x-forwarded-port'] = String(socket.localPort ?? '');
  headers['x-forwarded-path'] = path;
  if (route.stripPath) headers['x-forwarded-prefix'] = route.path;
  headers['x-real-ip'] = client;
}
