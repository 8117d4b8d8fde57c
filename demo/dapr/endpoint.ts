import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sidecar } from './sidecar';

/** Serves a sidecar over HTTP. A restart keeps the port. */
export class DaprEndpoint {
  readonly description = 'built in';
  #server: Server | undefined;
  /** 0 before the first start. */
  port = 0;
  readonly #sidecar: Sidecar;

  private constructor(sidecar: Sidecar) {
    this.#sidecar = sidecar;
  }

  /** Starts it on a free port. */
  static async open(sidecar: Sidecar): Promise<DaprEndpoint> {
    const endpoint = new DaprEndpoint(sidecar);
    await endpoint.start();
    return endpoint;
  }

  get running(): boolean {
    return this.#server !== undefined;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = 'GET', url = '/', headers } = request;
        const body = Buffer.concat(chunks).toString();
        void this.#sidecar.handle({ method, url, headers, body }).then((answer) => {
          const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
          response.writeHead(answer.status, text === '' ? {} : { 'Content-Type': 'application/json' });
          response.end(text);
        });
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Closes the port: connections are refused, as after a crash of the sidecar. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      server?.close(() => {
        resolve();
      });
      server?.closeAllConnections();
    });
  }

  /** Shuts it down for good. */
  async close(): Promise<void> {
    await this.stop();
  }
}
