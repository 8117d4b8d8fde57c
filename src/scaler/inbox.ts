import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '../core/ports';
import { isRecord } from '../core/types';

/** A message is 100 to 300 bytes; a CloudEvent around it adds as many. */
const MOST_BODY_BYTES = 64 * 1024;
const PUBLISH = /^\/v1\.0\/publish\/([^/]+)\/([^/?]+)$/;
/** Where Dapr posts what it has subscribed to. */
const EVENTS = '/events';
/** Names topics and ScaledObjects, so that it is for those who may publish. */
const STATUS = '/status';
/** On a publish that another replica took and passes on. */
export const FORWARDED_HEADER = 'x-serverless-forwarded';

/** A message that was published. */
export interface Delivery {
  /** The way that it came, also where another replica passed it on. */
  readonly way: 'direct' | 'subscribed';
  readonly pubsub: string;
  readonly topic: string;
  /** What was published. */
  readonly data: unknown;
  /** Time to live that the publisher asked for, seconds; undefined: none. */
  readonly ttlSeconds: number | undefined;
  /** As it came, for other replicas; undefined where each of them gets it by itself. */
  readonly forward: { readonly path: string; readonly body: string } | undefined;
}

export interface InboxParts {
  /** Asked of publishers and of Dapr; undefined: whoever reaches this may publish. */
  readonly token: string | undefined;
  /** Topics that Dapr is to subscribe to. */
  readonly subscriptions: readonly { readonly pubsub: string; readonly topic: string }[];
  readonly isReady: () => boolean;
  readonly metrics: () => string;
  /** For `serverless doctor`. */
  readonly status: () => object;
  /** @throws Error the message is not taken, for a reason that its publisher is told */
  readonly deliver: (delivery: Delivery) => void;
  readonly logger: Logger;
}

interface Answer {
  readonly status: number;
  readonly body?: object | string;
}

/**
 * Where messages come in, over HTTP: as Dapr delivers them to a subscriber, and as a gateway publishes them to Dapr, so that a gateway
 * whose DAPR_HTTP_ENDPOINT is this needs no sidecar and no broker.
 */
export class Inbox {
  readonly server: Server;
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
    this.server = createServer((request, response) => {
      this.#answer(request).then(
        (answer) => {
          send(response, answer);
        },
        (error: unknown) => {
          parts.logger.error({ err: error, url: request.url }, 'a request to the scaler failed');
          send(response, { status: 500, body: daprError('ERR_INTERNAL', 'the scaler failed; its log says why') });
        },
      );
    });
    // Longer than publishers keep an idle connection, so that they are the ones who close it.
    this.server.keepAliveTimeout = 75_000;
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://scaler');
    const read = this.#read(request.method ?? '', url.pathname);
    if (read !== undefined) return read;
    const publish = PUBLISH.exec(url.pathname);
    const asksStatus = request.method === 'GET' && url.pathname === STATUS;
    const posts = request.method === 'POST' && (publish !== null || url.pathname === EVENTS);
    if (!asksStatus && !posts) return { status: 404 };
    if (!this.#mayPublish(request.headers['dapr-api-token']))
      return {
        status: 401,
        body: daprError('ERR_API_TOKEN', 'write the token of SERVERLESS_SCALER_TOKEN into dapr-api-token'),
      };
    if (asksStatus) return { status: 200, body: this.#parts.status() };
    const body = await readBody(request);
    if (body === undefined)
      return { status: 413, body: daprError('ERR_TOO_LARGE', `a message has at most ${MOST_BODY_BYTES} bytes`) };
    if (publish === null) return this.#event(body);
    const forwarded = request.headers[FORWARDED_HEADER] !== undefined;
    const ttl = Number(url.searchParams.get('metadata.ttlInSeconds') ?? NaN);
    return this.#published({
      way: 'direct',
      pubsub: decodeURIComponent(publish[1] ?? ''),
      topic: decodeURIComponent(publish[2] ?? ''),
      data: parse(body),
      ttlSeconds: ttl > 0 ? ttl : undefined,
      forward: forwarded ? undefined : { path: url.pathname + url.search, body },
    });
  }

  #read(method: string, path: string): Answer | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const { isReady, metrics, subscriptions } = this.#parts;
    switch (path) {
      case '/healthz':
        return { status: 200, body: 'ok\n' };
      case '/readyz':
      case '/v1.0/healthz':
      case '/v1.0/healthz/outbound':
        return isReady() ? { status: path === '/readyz' ? 200 : 204 } : { status: 503 };
      case '/metrics':
        return { status: 200, body: metrics() };
      case '/dapr/subscribe':
        return {
          status: 200,
          body: subscriptions.map(({ pubsub, topic }) => ({ pubsubname: pubsub, topic, route: EVENTS })),
        };
      default:
        return undefined;
    }
  }

  #published(delivery: Delivery): Answer {
    try {
      this.#parts.deliver(delivery);
      return { status: 204 };
    } catch (error) {
      return { status: 503, body: daprError('ERR_PUBSUB_PUBLISH_MESSAGE', (error as Error).message) };
    }
  }

  /** A CloudEvent, as Dapr makes one of whatever was published; or what was published itself, where it was asked not to. */
  #event(body: string): Answer {
    const event = parse(body);
    const { pubsubname: pubsub, topic, data } = isRecord(event) ? event : {};
    if (typeof pubsub !== 'string' || typeof topic !== 'string') {
      this.#parts.logger.warn({ body: body.slice(0, 200) }, 'an event names no pubsubname and no topic; it is dropped');
      return { status: 200, body: { status: 'DROP' } };
    }
    try {
      this.#parts.deliver({ way: 'subscribed', pubsub, topic, data, ttlSeconds: undefined, forward: undefined });
      return { status: 200, body: { status: 'SUCCESS' } };
    } catch (error) {
      this.#parts.logger.warn({ pubsub, topic }, `an event is dropped: ${(error as Error).message}`);
      return { status: 200, body: { status: 'DROP' } };
    }
  }

  #mayPublish(given: string | readonly string[] | undefined): boolean {
    const { token } = this.#parts;
    if (token === undefined) return true;
    if (typeof given !== 'string') return false;
    const [one, other] = [Buffer.from(given), Buffer.from(token)];
    return one.length === other.length && timingSafeEqual(one, other);
  }
}

function daprError(errorCode: string, message: string): object {
  return { errorCode, message };
}

/** Undefined: it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read, and not kept, so that its sender gets the answer.
    if (size <= MOST_BODY_BYTES) chunks.push(chunk);
  }
  return size > MOST_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Whatever it is: that it came is what counts.
    return body;
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': typeof body === 'object' ? 'application/json' : 'text/plain; version=0.0.4; charset=utf-8',
    ...(status === 204 ? {} : { 'Content-Length': Buffer.byteLength(text) }),
    'Cache-Control': 'no-store',
  });
  response.end(status === 204 ? undefined : text);
}
