import { Agent, request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { type End, NO_ANSWER } from './ledger';
import type { How } from './schedule';

/** Nobody waits for longer, milliseconds: whatever is open then was lost. */
export const PATIENCE_MS = 45_000;

export interface Ask {
  readonly how: How;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as the body of a POST. */
  readonly body?: string | undefined;
  /** Whether a backend has had it. */
  readonly seen: () => boolean;
  /** The client leaves after so long, milliseconds. */
  readonly leavesAfterMs?: number | undefined;
}

/** Asks the gateway in every way that HTTP has. */
export class Client {
  readonly #port: number;
  readonly #h2cPort: number | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #session: ClientHttp2Session | undefined;

  constructor({ port, h2cPort }: { readonly port: number; readonly h2cPort: number | undefined }) {
    this.#port = port;
    this.#h2cPort = h2cPort;
  }

  /** How a request ended. Never rejects. */
  ask(asked: Ask): Promise<End> {
    return new Promise((resolve) => {
      let left = false;
      const end = (how: Omit<Extract<End, { kind: 'answer' }>, 'at'> | { kind: 'broken'; why: string }): void => {
        const at = performance.now();
        clearTimeout(timer);
        resolve(left ? { kind: 'left', at } : { ...how, at });
      };
      const leave = this.#send(asked, end);
      const timer = setTimeout(() => {
        left = asked.leavesAfterMs !== undefined;
        leave();
        end({ kind: 'broken', why: NO_ANSWER });
      }, asked.leavesAfterMs ?? PATIENCE_MS);
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#session?.destroy();
  }

  /** @returns what makes the client leave */
  #send(asked: Ask, end: (how: Ended) => void): () => void {
    switch (asked.how) {
      case 'http1.0':
        return this.#http10(asked, end);
      case 'http2':
        return this.#h2cPort === undefined ? this.#http11(asked, end) : this.#http2(asked, end);
      case 'close':
      case 'keep-alive':
        return this.#http11(asked, end);
    }
  }

  #http11({ how, path, headers, body, seen }: Ask, end: (how: Ended) => void): () => void {
    let left = false;
    const outgoing = request(
      {
        ...{ host: '127.0.0.1', port: this.#port, path, headers, method: body === undefined ? 'GET' : 'POST' },
        agent: how === 'keep-alive' ? this.#agent : false,
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (text += chunk));
        incoming.on('error', (error) => {
          end({ kind: 'broken', why: `in the response: ${error.message}` });
        });
        incoming.on('end', () => {
          end(answered(incoming.statusCode ?? 0, incoming.headers['x-backend']?.toString(), text));
        });
      },
    );
    outgoing.on('error', (error) => {
      // A kept connection that the gateway had closed: what anybody's client does is to ask again. One that was there is not asked twice.
      if (outgoing.reusedSocket && !left && !seen() && isClosed(error))
        this.#http11({ ...withBody(body), how: 'close', path, headers, seen }, end);
      else end({ kind: 'broken', why: error.message });
    });
    outgoing.end(body);
    return () => {
      left = true;
      outgoing.destroy();
    };
  }

  /** As old health checks and benchmarks speak it. */
  #http10({ path, headers, body }: Ask, end: (how: Ended) => void): () => void {
    const socket = connect(this.#port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error) => {
      end({ kind: 'broken', why: error.message });
    });
    socket.on('end', () => {
      const [head = '', ...rest] = text.split('\r\n\r\n');
      const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
      if (status === undefined) end({ kind: 'broken', why: 'closed without a response' });
      else end(answered(Number(status), /^x-backend: (.*)$/im.exec(head)?.[1]?.trim(), rest.join('\r\n\r\n')));
      socket.destroy();
    });
    const lines = Object.entries({
      ...headers,
      ...(body === undefined ? {} : { 'Content-Length': String(body.length) }),
    });
    const method = body === undefined ? 'GET' : 'POST';
    socket.write(
      `${method} ${path} HTTP/1.0\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body ?? ''}`,
    );
    return () => socket.destroy();
  }

  #http2({ path, headers, body, seen }: Ask, end: (how: Ended) => void, isAgain = false): () => void {
    if (this.#session === undefined || this.#session.destroyed || this.#session.closed) {
      this.#session = connectHttp2(`http://127.0.0.1:${this.#h2cPort ?? 0}`);
      this.#session.on('error', () => undefined);
    }
    const { Host, ...others } = headers;
    const stream = this.#session.request({
      ...{ ':path': path, ':method': body === undefined ? 'GET' : 'POST' },
      ...(Host === undefined ? {} : { ':authority': Host }),
      ...others,
    });
    let text = '';
    let status = 0;
    let from: string | undefined;
    stream.setEncoding('utf8');
    stream.on('response', (answer) => {
      status = answer[':status'] ?? 0;
      from = answer['x-backend']?.toString();
    });
    stream.on('data', (chunk: string) => (text += chunk));
    let why: string | undefined;
    stream.on('error', (error: Error) => {
      why = error.message;
    });
    stream.on('close', () => {
      // The gateway takes no more requests on this connection, and says that it has not looked at this one: RFC 9113, 8.7.
      const isUnseen = status === 0 && (stream.rstCode === 7 || why?.includes('GOAWAY') === true);
      if (isUnseen && !isAgain) {
        this.#session = undefined;
        this.#http2({ how: 'http2', path, headers, seen, ...withBody(body) }, end, true);
      } else if (why !== undefined) end({ kind: 'broken', why });
      else if (status === 0 || stream.rstCode !== 0)
        end({ kind: 'broken', why: `stream closed with ${stream.rstCode}` });
      else end(answered(status, from, text));
    });
    stream.end(body);
    return () => {
      stream.close(8);
    };
  }
}

type Ended = Omit<Extract<End, { kind: 'answer' }>, 'at'> | { readonly kind: 'broken'; readonly why: string };

const withBody = (body: string | undefined): { readonly body?: string } => (body === undefined ? {} : { body });

const isClosed = (error: Error): boolean => /ECONNRESET|EPIPE|socket hang up/.test(`${error.message} ${error.name}`);

const answered = (status: number, from: string | undefined, body: string): Ended => ({
  ...{ kind: 'answer', status, from, body },
  code: from === undefined ? /"code":"(SERVERLESS_\w+)"/.exec(body)?.[1] : undefined,
});
