import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '../../real-parts/ports';
import { SwitchedServer } from '../support/switched-server';
import type { DaprWay } from './schedule';

/** How long a slow sidecar thinks, milliseconds. */
const SLOW_MS = 1500;
const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';

/** A message is in the queue. */
export type OnAccepted = (topic: string, reason: string) => void;

/** A Dapr sidecar's publish endpoint, with every way to be unwell. What it accepts is in the queue. */
export class FaultyDapr {
  #way: DaprWay | 'well' = 'well';
  #turn = 0;
  readonly #server: SwitchedServer;
  readonly #onAccepted: OnAccepted;

  private constructor(
    readonly port: number,
    onAccepted: OnAccepted,
  ) {
    this.#onAccepted = onAccepted;
    this.#server = new SwitchedServer(port, (request, response) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(onAccepted: OnAccepted): Promise<FaultyDapr> {
    const dapr = new FaultyDapr(await freePort(), onAccepted);
    await dapr.become('well');
    return dapr;
  }

  async become(way: DaprWay | 'well'): Promise<void> {
    this.#way = way;
    if (way === 'down') await this.stop();
    else await this.#server.listen();
  }

  stop(): Promise<void> {
    return this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const [, , verb, , topic] = new URL(request.url ?? '/', 'http://dapr').pathname.split('/').map(decodeURIComponent);
    if (verb !== 'publish' || topic === undefined) {
      response.writeHead(verb === 'healthz' ? 204 : 404).end();
      return;
    }
    const { reason } = JSON.parse(body) as { readonly reason: string };
    this.#turn += 1;
    switch (this.#way === 'flap' ? (this.#turn % 2 === 0 ? 'well' : '500') : this.#way) {
      case 'hang':
        return;
      case '400':
      case '404':
      case '500': {
        const error = { errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE', message: 'the broker is not there' };
        response.writeHead(Number(this.#way) || 500, { 'content-type': 'application/json' });
        response.end(JSON.stringify(error));
        return;
      }
      case 'html':
        response.writeHead(502, { 'content-type': 'text/html' }).end(HTML);
        return;
      case 'loses':
        response.writeHead(204).end();
        return;
      case 'slow':
        setTimeout(() => {
          this.#accept(topic, reason, response);
        }, SLOW_MS);
        return;
      case 'well':
      case 'down':
        this.#accept(topic, reason, response);
    }
  }

  #accept(topic: string, reason: string, response: ServerResponse): void {
    this.#onAccepted(topic, reason);
    response.writeHead(204).end();
  }
}
