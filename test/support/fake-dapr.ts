import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** The data of a wake-up or activity message. */
export interface Message {
  readonly reason: string;
  readonly backend: string;
  readonly requests: number;
  readonly gateway: string;
  readonly at: string;
}

export interface Publish {
  readonly pubsub: string;
  readonly topic: string;
  readonly query: URLSearchParams;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly message: Message;
  /** As `performance.now()`. */
  readonly at: number;
}

/** Status and body of the response; `hang`: none. */
export type DaprAnswer = { readonly status: number; readonly body?: object } | 'hang';

/** Dapr's response if the component does not exist (D9). */
export const pubsubNotFound = (pubsub: string): DaprAnswer => ({
  status: 404,
  body: { errorCode: 'ERR_PUBSUB_NOT_FOUND', message: `pubsub ${pubsub} is not found` },
});

/** A Dapr sidecar's publish endpoint that records publishes, for suites that do not need the real one. */
export class FakeDapr {
  readonly published: Publish[] = [];
  /** The response to the next publishes. */
  answer: DaprAnswer = { status: 204 };
  /** The response to publishes to a component, by its name, where it is another one. */
  readonly answers = new Map<string, DaprAnswer>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeDapr> {
    const server = createServer();
    const dapr = new FakeDapr(server);
    server.on('connection', (socket) => {
      dapr.#sockets.add(socket);
      socket.once('close', () => dapr.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://dapr');
        const [, , verb, pubsub, topic] = url.pathname.split('/').map(decodeURIComponent);
        if (request.method !== 'POST' || verb !== 'publish' || pubsub === undefined || topic === undefined) {
          response.writeHead(verb === 'healthz' ? 204 : 404).end();
          return;
        }
        dapr.published.push({
          pubsub,
          topic,
          query: url.searchParams,
          headers: request.headers,
          message: JSON.parse(body) as Message,
          at: performance.now(),
        });
        const answer = dapr.answers.get(pubsub) ?? dapr.answer;
        if (answer === 'hang') return;
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return dapr;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The messages with this reason. */
  messages(reason: string, topic?: string): Publish[] {
    return this.published.filter((one) => one.message.reason === reason && (topic ?? one.topic) === one.topic);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
