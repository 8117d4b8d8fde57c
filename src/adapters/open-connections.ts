import { createReadStream } from 'node:fs';
import type { OpenConnections } from '../core/ports';

/** The kernel's tables of the network namespace, which this process shares with Kong. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** `st` of a connection that is open both ways. */
const ESTABLISHED = '01';
/** What was read is good for so long, milliseconds: many backends look at the same time. */
const FRESH_MS = 2000;

/**
 * Counts connections in the kernel's tables. Kong's idle keep-alive connections look like any other: they end after
 * `upstream_keepalive_idle_timeout` (K29).
 */
export class KernelConnections implements OpenConnections {
  readonly #tables: readonly string[];
  readonly #now: () => number;
  #read: { readonly at: number; readonly counts: Promise<ReadonlyMap<string, number>> } | undefined;

  constructor(now: () => number, tables: readonly string[] = TABLES) {
    this.#now = now;
    this.#tables = tables;
  }

  async to(addresses: readonly string[]): Promise<number> {
    const counts = await this.#counts();
    return addresses.reduce((sum, address) => sum + (counts.get(address) ?? 0), 0);
  }

  #counts(): Promise<ReadonlyMap<string, number>> {
    if (this.#read === undefined || this.#now() >= this.#read.at + FRESH_MS)
      this.#read = { at: this.#now(), counts: readCounts(this.#tables) };
    return this.#read.counts;
  }
}

/** Established connections by their remote `IP:PORT`, IPv4 only. */
async function readCounts(tables: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) {
    try {
      let rest = '';
      // By chunks, between which everything else goes on: a busy gateway has a table of megabytes.
      for await (const chunk of createReadStream(table, 'utf8') as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) count(counts, line);
      }
    } catch {
      // Not Linux, or not allowed: then nothing is known to be open.
    }
  }
  return counts;
}

function count(counts: Map<string, number>, line: string): void {
  const [, , remote = '', state] = line.trim().split(/\s+/, 4);
  const address = state === ESTABLISHED ? addressOf(remote) : undefined;
  if (address !== undefined) counts.set(address, (counts.get(address) ?? 0) + 1);
}

/** `0100007F:1F90` as `127.0.0.1:8080`; an IPv4 address within IPv6 ends in the same eight digits. */
function addressOf(remote: string): string | undefined {
  const [, bytes, port] = /^(?:0{16}FFFF0{4})?([\dA-F]{8}):([\dA-F]{4})$/.exec(remote) ?? [];
  if (bytes === undefined || port === undefined) return undefined;
  // The kernel prints the address as a number of this machine, which is little-endian on all that we build for.
  const parts = bytes.match(/../g) ?? [];
  return `${parts
    .reverse()
    .map((part) => Number.parseInt(part, 16))
    .join('.')}:${Number.parseInt(port, 16)}`;
}
