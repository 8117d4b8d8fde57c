import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { CERTIFICATE, KEY } from '../../demo/kubernetes/certificate';
import type { ApiServer } from '../../src/kubernetes/service-account';

/** An EndpointSlice with one endpoint for each address; `-` before it: it terminates. */
export const slice = (name: string, service: string, ...addresses: string[]): object => ({
  metadata: { name, labels: { 'kubernetes.io/service-name': service } },
  endpoints: addresses.map((address) => ({
    addresses: [address.replace(/^-/, '')],
    conditions: { ready: false, terminating: address.startsWith('-') },
  })),
});

interface Watch {
  readonly response: ServerResponse;
  readonly version: string | null;
}

/** The EndpointSlice API of Kubernetes, as much of it as a watch uses. */
export class FakeApiServer implements ApiServer {
  /** Paths and queries of all requests. */
  readonly asked: URL[] = [];
  readonly tokens: (string | undefined)[] = [];
  readonly watches: Watch[] = [];
  /** Events that were written. */
  readonly events: object[] = [];
  slices: object[] = [];
  version = 1;
  /** Answers with this status instead. */
  refuses: number | undefined;
  currentToken = 'one';
  readonly host = '127.0.0.1';
  readonly #told: { readonly version: number; readonly line: string }[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ cert: CERTIFICATE, key: KEY }, (request, response) => {
      this.#answer(request, response);
    });
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): string {
    return String((this.#server.address() as AddressInfo).port);
  }

  ca(): string {
    return CERTIFICATE;
  }

  token(): string {
    return this.currentToken;
  }

  /** The lists that were asked for. */
  get lists(): number {
    return this.asked.filter((url) => url.searchParams.get('watch') === null).length;
  }

  /** Tells whoever watches. */
  tell(type: string, object: object): void {
    this.version += 1;
    const { metadata, ...rest } = object as { metadata?: object };
    const event = { type, object: { ...rest, metadata: { ...metadata, resourceVersion: String(this.version) } } };
    const line = `${JSON.stringify(event)}\n`;
    this.#told.push({ version: this.version, line });
    for (const { response } of this.watches) response.write(line);
  }

  /** The API server ends all watches, as it does after their time. */
  endWatches(how: 'end' | 'destroy' = 'end'): void {
    for (const { response } of this.watches.splice(0)) response[how]();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'https://api');
    this.asked.push(url);
    this.tokens.push(request.headers.authorization);
    if (this.refuses !== undefined) {
      response.writeHead(this.refuses).end(JSON.stringify({ kind: 'Status', message: 'forbidden' }));
    } else if (request.method === 'POST') {
      void json(request).then((event) => {
        this.events.push({ path: url.pathname, ...(event as object) });
        response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
      });
    } else if (url.searchParams.get('watch') === 'true') {
      this.watches.push({ response, version: url.searchParams.get('resourceVersion') });
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      this.#replay(response, Number(url.searchParams.get('resourceVersion')));
    } else {
      const from = Number(url.searchParams.get('continue') ?? 0);
      const items = this.slices.slice(from, from + 2);
      const next = from + 2 < this.slices.length ? String(from + 2) : '';
      response
        .writeHead(200)
        .end(JSON.stringify({ metadata: { resourceVersion: String(this.version), continue: next }, items }));
    }
  }

  /** What happened since the version that the watch goes on from. */
  #replay(response: ServerResponse, from: number): void {
    for (const { version, line } of this.#told) if (version > from) response.write(line);
  }
}
