import type { IncomingMessage, ServerResponse } from 'node:http';
import { freePort } from '../../real-parts/ports';
import { SwitchedServer } from '../support/switched-server';
import { History } from './history';
import type { Served } from './ledger';

/** `down`: nothing listens. `starting`: everything but the health path works. */
export type PodState = 'down' | 'starting' | 'ready' | 'hang' | 'fail' | 'redirect' | 'slow-health';

/** Longer than any probe waits, so that a pod which is slow is not one that answers, and short enough to come within a hold. */
const SLOW_HEALTH_MS = 700;

export interface PodOptions {
  readonly name: string;
  /** The Host that it takes; any other is answered 400. */
  readonly host?: string;
  /** A request came that is no health check. */
  readonly onRequest: (id: string | undefined, served: Served) => void;
}

/** The one pod of a backend, with every way to be unwell. It is always the same process here: a port that listens or does not. */
export class Pod {
  readonly healthy = new History();
  #state: PodState = 'down';
  /** So many probes more pass, then it is `starting` again. */
  #passes = Infinity;
  readonly #server: SwitchedServer;
  readonly #options: PodOptions;

  private constructor(
    readonly port: number,
    options: PodOptions,
  ) {
    this.#options = options;
    this.#server = new SwitchedServer(port, (request, response) => {
      this.#answer(request, response);
    });
  }

  static async make(options: PodOptions): Promise<Pod> {
    return new Pod(await freePort(), options);
  }

  get state(): PodState {
    return this.#state;
  }

  async become(state: PodState, passes = Infinity): Promise<void> {
    const isHealthy = state === 'ready' || state === 'slow-health';
    // It is what it is before the port says so, and until after: a request is never taken for healthier than its backend was.
    if (!isHealthy) this.healthy.set(false, performance.now());
    this.#state = state;
    this.#passes = passes;
    if (state === 'down') await this.#server.close();
    else await this.#server.listen();
    if (isHealthy && this.#state === state) this.healthy.set(true, performance.now());
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { name, host, onRequest } = this.#options;
    const url = new URL(request.url ?? '/', 'http://pod');
    const isOwn = host === undefined || request.headers.host === host;
    response.setHeader('x-backend', name);
    if (url.pathname.endsWith('/healthz')) {
      this.#answerHealth(response, isOwn);
      return;
    }
    const healthy = this.#state === 'ready' || this.#state === 'slow-health';
    const served: Served = { backend: name, at: performance.now(), healthy };
    onRequest(request.headers['x-ledger']?.toString(), served);
    request.resume();
    if (this.#state === 'hang') return;
    request.once('end', () => {
      setTimeout(
        () => {
          response.once('finish', () => (served.completedAt = performance.now()));
          response.statusCode = isOwn ? (this.#state === 'fail' ? 500 : 200) : 400;
          response.end(name);
        },
        Number(url.searchParams.get('ms') ?? 0),
      );
    });
  }

  #answerHealth(response: ServerResponse, isOwn: boolean): void {
    switch (this.#state) {
      case 'hang':
        return;
      case 'slow-health':
        setTimeout(() => response.end('well, slowly'), SLOW_HEALTH_MS);
        return;
      case 'redirect':
        response.writeHead(302, { location: '/login' }).end();
        return;
      case 'ready':
        response.statusCode = isOwn ? 200 : 400;
        response.end('well');
        this.#passes -= 1;
        if (this.#passes <= 0) void this.become('starting');
        return;
      case 'down':
      case 'starting':
      case 'fail':
        response.writeHead(this.#state === 'fail' ? 500 : 503).end();
    }
  }
}
