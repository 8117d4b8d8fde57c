import type { Clock } from '../core/ports';
import { ConnectionPool } from './connection-pool';

/** A pool that nothing went through for so long is dropped, with its connections. */
const UNUSED_MS = 60_000;

interface Entry {
  readonly pool: ConnectionPool;
  exchanges: number;
  usedAt: number;
}

/** Connections to one server, in a pool of its own for each kind of exchange, so that no kind waits for another. */
export class ConnectionPools {
  readonly #url: string;
  readonly #clock: Clock;
  /** By kind, the longest unused first. */
  readonly #entries = new Map<string, Entry>();

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /**
   * Runs an exchange over the pool of its kind.
   *
   * @param maxSockets connections of the pool; more exchanges wait for one
   */
  async use<T>(kind: string, maxSockets: number, exchange: (pool: ConnectionPool) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(kind) ?? {
      pool: new ConnectionPool(this.#url, maxSockets),
      exchanges: 0,
      usedAt: 0,
    };
    entry.exchanges += 1;
    this.#touch(kind, entry);
    this.#dropUnused();
    try {
      return await exchange(entry.pool);
    } finally {
      entry.exchanges -= 1;
      this.#touch(kind, entry);
    }
  }

  /** Closes all connections, for good. */
  destroy(): void {
    for (const { pool } of this.#entries.values()) pool.destroy();
  }

  #touch(kind: string, entry: Entry): void {
    entry.usedAt = this.#clock.now();
    this.#entries.delete(kind);
    this.#entries.set(kind, entry);
  }

  #dropUnused(): void {
    const limit = this.#clock.now() - UNUSED_MS;
    for (const [kind, { pool, exchanges, usedAt }] of this.#entries) {
      if (usedAt > limit) return;
      if (exchanges > 0) continue;
      pool.destroy();
      this.#entries.delete(kind);
    }
  }
}
