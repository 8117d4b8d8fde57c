import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** Whether a server's certificate is checked: the gateway's own says nothing about the loopback address that it is reached by. */
export function checksCertificate(url: URL): boolean {
  return !LOOPBACK.test(url.hostname);
}

/**
 * Keep-alive connections to one server, opened when they are needed; so are Node's modules for them, which a process that nobody
 * asks for anything does without.
 */
export class ConnectionPool {
  readonly #https: boolean;
  readonly #checked: boolean;
  readonly #maxSockets: number;
  #agent: HttpAgent | HttpsAgent | undefined;
  #destroyed = false;

  /** @param maxSockets connections at once; with one, each exchange uses the same connection while it lives */
  constructor(url: string, maxSockets: number) {
    this.#maxSockets = maxSockets;
    const parsed = new URL(url);
    this.#https = parsed.protocol === 'https:';
    this.#checked = checksCertificate(parsed);
  }

  async agent(): Promise<HttpAgent | HttpsAgent> {
    if (this.#agent !== undefined) return this.#agent;
    const options = { keepAlive: true, maxSockets: this.#maxSockets };
    const agent = this.#https
      ? new (await import('node:https')).Agent({ ...options, rejectUnauthorized: this.#checked })
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
