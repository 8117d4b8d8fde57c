import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { messageOf } from '../error-message';
import type { Feed } from './feed';

/** What a button does. Resolves with a line for people, or rejects with one. */
export type Action = (request: { readonly backend: string; readonly count: number }) => Promise<string>;

/** No other origin, nothing inline. */
const POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'",
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

const FILES = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/_demo/', ['index.html', 'text/html; charset=utf-8']],
  ['/_demo/page.css', ['page.css', 'text/css; charset=utf-8']],
  ['/_demo/page.js', ['page.js', 'text/javascript; charset=utf-8']],
  ['/_demo/chart.js', ['chart.js', 'text/javascript; charset=utf-8']],
  ['/_demo/cards.js', ['cards.js', 'text/javascript; charset=utf-8']],
  ['/_demo/elements.js', ['elements.js', 'text/javascript; charset=utf-8']],
  ['/_demo/lists.js', ['lists.js', 'text/javascript; charset=utf-8']],
  ['/_demo/icon.svg', ['icon.svg', 'image/svg+xml']],
]);

/** Serves the demo's page; the gateway routes `/` to it. */
export class PageServer {
  readonly #server: Server;
  readonly #folder: string;
  readonly #feed: Feed;
  readonly #actions: ReadonlyMap<string, Action>;

  constructor(folder: string, feed: Feed, actions: ReadonlyMap<string, Action>) {
    this.#folder = folder;
    this.#feed = feed;
    this.#actions = actions;
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
    this.#server.keepAliveTimeout = 75_000;
  }

  /** Resolves with the port. */
  async listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    if (!isLocal(request.headers.host ?? '')) {
      // DNS rebinding: a foreign name that resolves to this machine must not be able to press the buttons.
      plain(response, 403, 'the demo is only for this machine');
    } else if (path.startsWith('/_demo/actions/')) {
      await this.#act(path.slice('/_demo/actions/'.length), request, response);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      plain(response, 405, 'GET only');
    } else if (path === '/_demo/feed') {
      this.#feed.open(response);
    } else {
      this.#file(path, response);
    }
  }

  #file(path: string, response: ServerResponse): void {
    const [file, type] = FILES.get(path) ?? [];
    if (file === undefined || type === undefined) {
      plain(response, 404, 'not found');
      return;
    }
    response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
    response.end(readFileSync(join(this.#folder, file)));
  }

  async #act(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = this.#actions.get(name);
    if (action === undefined) {
      plain(response, 404, 'no such action');
      return;
    }
    // Another origin cannot send this header without a CORS preflight, which is not answered.
    if (request.method !== 'POST' || request.headers['x-demo'] === undefined) {
      plain(response, 403, 'POST with the header X-Demo');
      return;
    }
    const query = new URL(request.url ?? '/', 'http://page').searchParams;
    const count = Math.min(Math.max(Number(query.get('count') ?? 1) || 1, 1), 1000);
    try {
      plain(response, 200, await action({ backend: query.get('backend') ?? '', count }));
    } catch (error) {
      plain(response, 409, messageOf(error));
    }
  }
}

function isLocal(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${text}\n`);
}
