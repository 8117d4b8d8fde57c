import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/**
 * Keep-alive connections to one server, opened when they are needed; so are Node's modules for them, which a process that nobody
 * asks for anything does without.
 */
export class ConnectionPool {
  readonly #https: boolean;
  readonly #loopback: boolean;
  readonly #maxSockets: number;
  #agent: HttpAgent | HttpsAgent | undefined;
  #destroyed = false;

  /** @param maxSockets connections at once; with one, each exchange uses the same connection while it lives */
  constructor(url: string, maxSockets: number) {
    this.#maxSockets = maxSockets;
    const { protocol, hostname } = new URL(url);
    this.#https = protocol === 'https:';
    this.#loopback = LOOPBACK.test(hostname);
  }

  async agent(): Promise<HttpAgent | HttpsAgent> {
    if (this.#agent !== undefined) return this.#agent;
    const options = { keepAlive: true, maxSockets: this.#maxSockets };
    // The gateway's own certificate says nothing about the loopback address that it is reached by.
    const agent = this.#https
      ? new (await import('node:https')).Agent({ ...options, rejectUnauthorized: !this.#loopback })
      : new (await import('node:http')).Agent(options);
    this.#agent ??= agent;
    if (this.#destroyed) this.#agent.destroy();
    return this.#agent;
  }

  /** Whether it has a connection. */
  get isOpen(): boolean {
    const { sockets = {}, freeSockets = {} } = this.#agent ?? {};
    return Object.keys(sockets).length > 0 || Object.keys(freeSockets).length > 0;
  }

  /** Closes its connections. */
  destroy(): void {
    this.#destroyed = true;
    this.#agent?.destroy();
  }
}
