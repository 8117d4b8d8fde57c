import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { GRPC_STATUS } from '../core/grpc';
import { checksCertificate } from './connection-pool';
import { type HealthAnswer, type HealthClient, type HealthRequest, noAnswer } from './health-client';
import { PROBE_HEADER, PROBE_USER_AGENT } from './own-probes';

/** A HealthCheckRequest that names no service, in its frame: not compressed, of no bytes. */
const WHOLE_SERVER = Buffer.alloc(5);
/** An answer of the health service takes 7 bytes; whatever is longer is not one. */
const MAX_BODY_BYTES = 64;
/** HealthCheckResponse.ServingStatus. */
const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** RST_STREAM's CANCEL (RFC 9113, section 7). */
const CANCEL = 8;

/** What has come of an answer. */
interface Received {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: Buffer;
}

/** grpc.health.v1.Health/Check, over one connection with HTTP/2. */
export class GrpcHealth implements HealthClient {
  readonly #url: URL;
  #session: ClientHttp2Session | undefined;
  #destroyed = false;

  constructor(url: URL) {
    this.#url = url;
  }

  get isOpen(): boolean {
    return isUsable(this.#session);
  }

  async ask({ settings: { timeoutMs }, host, ticket }: HealthRequest): Promise<HealthAnswer> {
    const session = await this.#connected();
    if (session.destroyed) return unanswered(undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': this.#url.pathname + this.#url.search,
      ':authority': host ?? this.#url.host,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': PROBE_USER_AGENT,
      ...(ticket === undefined ? {} : { [PROBE_HEADER.toLowerCase()]: ticket }),
    });
    stream.end(WHOLE_SERVER);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(noAnswer('ETIMEDOUT', `no answer within ${timeoutMs} ms`));
        // One that does not even connect is not waited for by the next probe.
        if (session.connecting) session.destroy();
        else stream.close(CANCEL);
      }, timeoutMs);
      let failure: Error | undefined;
      const received = receive(stream);
      stream.on('error', (error: Error) => {
        failure = error;
      });
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(answerOf(received) ?? unanswered(failure));
      });
    });
  }

  destroy(): void {
    this.#destroyed = true;
    this.#session?.destroy();
  }

  async #connected(): Promise<ClientHttp2Session> {
    const { connect } = await import('node:http2');
    if (this.#session !== undefined && isUsable(this.#session)) return this.#session;
    const session = connect(this.#url.origin, { rejectUnauthorized: checksCertificate(this.#url) });
    // Its streams are told.
    session.on('error', () => undefined);
    this.#session = session;
    if (this.#destroyed) session.destroy();
    return session;
  }
}

function isUsable(session: ClientHttp2Session | undefined): boolean {
  return session !== undefined && !session.closed && !session.destroyed;
}

function receive(stream: ClientHttp2Stream): Received {
  const received: Received = { headers: {}, trailers: {}, body: Buffer.alloc(0) };
  stream.on('response', (headers) => {
    received.headers = headers;
  });
  stream.on('trailers', (trailers: IncomingHttpHeaders) => {
    received.trailers = trailers;
  });
  stream.on('data', (chunk: Buffer) => {
    received.body = Buffer.concat([received.body, chunk]);
    if (received.body.length > MAX_BODY_BYTES) stream.close(CANCEL);
  });
  return received;
}

/** Undefined: there is none. */
function answerOf({ headers, trailers, body }: Received): HealthAnswer | undefined {
  const status = headers[':status'];
  if (typeof status !== 'number') return undefined;
  // A response of trailers alone has them for headers.
  const code = trailers['grpc-status'] ?? headers['grpc-status'];
  if (code === undefined) return { outcome: 'failed', report: { status } };
  const grpc = Number(code) === GRPC_STATUS.OK ? servingStatus(body) : statusName(String(code));
  return { outcome: grpc === 'SERVING' ? 'passed' : 'failed', report: { status, grpc } };
}

function statusName(code: string): string {
  return Object.entries(GRPC_STATUS).find(([, value]) => String(value) === code)?.[0] ?? `status ${code.slice(0, 20)}`;
}

/** Field 1 of a HealthCheckResponse behind the 5 bytes of its frame; a field that is missing has the value 0. */
function servingStatus(body: Buffer): string {
  const status = body[5] === 8 ? body[6] : 0;
  return SERVING_STATUSES[status ?? 0] ?? 'UNKNOWN';
}

function unanswered(error: Error | undefined): HealthAnswer {
  // What broke the connection is the cause of what its streams are told.
  const { code, message } = (error?.cause ?? error ?? {}) as { readonly code?: string; readonly message?: string };
  return noAnswer(code ?? 'ECONNRESET', message ?? 'the connection was closed before the answer');
}
