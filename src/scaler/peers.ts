import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { Clock, Logger } from '../core/ports';
import { HttpFailure, request } from '../adapters/http-client';
import { ConnectionPools } from '../adapters/connection-pools';
import { FORWARDED_HEADER } from './inbox';

/** How long addresses of the other replicas are believed, milliseconds. */
const FRESH_MS = 2000;
/** A message that another replica does not take by then is lost for it: the gateway repeats itself. */
const TIMEOUT_MS = 2000;
const MOST_IN_FLIGHT = 200;

/** The addresses that a name has, without those of this machine. */
export async function otherAddresses(host: string): Promise<readonly string[]> {
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address).filter((address) => !own.has(address));
}

/**
 * The other replicas: KEDA's stream leads to one of them, and a gateway's message to another, so each passes on what it is given (E9).
 * In the background: whoever published does not wait for it.
 */
export class Peers {
  readonly #where: { readonly host: string; readonly port: number };
  readonly #token: string | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #find: typeof otherAddresses;
  readonly #pools = new Map<string, ConnectionPools>();
  #known: { readonly at: number; readonly addresses: Promise<readonly string[]> } | undefined;
  #inFlight = 0;

  /**
   * @param where a name with the addresses of all replicas, as a headless Service has
   * @param find the addresses of the others by that name
   */
  constructor(
    where: { readonly host: string; readonly port: number },
    token: string | undefined,
    clock: Clock,
    logger: Logger,
    find = otherAddresses,
  ) {
    this.#where = where;
    this.#token = token;
    this.#clock = clock;
    this.#logger = logger;
    this.#find = find;
  }

  /** Passes a publish on. Never throws. */
  forward({ path, body }: { readonly path: string; readonly body: string }): void {
    void this.#addresses().then((addresses) => {
      for (const address of addresses) this.#send(address, path, body);
    });
  }

  #addresses(): Promise<readonly string[]> {
    const now = this.#clock.now();
    if (this.#known === undefined || now >= this.#known.at + FRESH_MS)
      this.#known = { at: now, addresses: this.#lookUp() };
    return this.#known.addresses;
  }

  async #lookUp(): Promise<readonly string[]> {
    try {
      return await this.#find(this.#where.host);
    } catch (error) {
      this.#logger.warn({ err: error, ...this.#where }, 'the other replicas cannot be found');
      return [];
    }
  }

  #send(address: string, path: string, body: string): void {
    if (this.#inFlight >= MOST_IN_FLIGHT) return;
    this.#inFlight += 1;
    const base = `http://${address.includes(':') ? `[${address}]` : address}:${this.#where.port}`;
    const pools = this.#pools.get(address) ?? new ConnectionPools(base, this.#clock);
    this.#pools.set(address, pools);
    pools
      .use('publish', 8, (pool) =>
        request({
          method: 'POST',
          url: base + path,
          headers: {
            'Content-Type': 'application/json',
            [FORWARDED_HEADER]: '1',
            ...(this.#token === undefined ? {} : { 'dapr-api-token': this.#token }),
          },
          body,
          timeoutMs: TIMEOUT_MS,
          maxBytes: 1024,
          pool,
        }),
      )
      .catch((error: unknown) => {
        this.#pools.delete(address);
        const reason = error instanceof HttpFailure ? error.message : String(error);
        this.#logger.warn({ address }, `another replica did not take a message: ${reason}`);
      })
      .finally(() => {
        this.#inFlight -= 1;
      });
  }
}
