import type { How } from './schedule';

/** Who asks, and what for. */
export type Who = 'client' | 'crawler' | 'foreign' | 'leaver' | 'post';

/** Why the connection of a client ended that lost patience. */
export const NO_ANSWER = 'no answer';

/** How a request ended for its client. Times are `performance.now()`, milliseconds. */
export type End =
  | {
      readonly kind: 'answer';
      readonly at: number;
      readonly status: number;
      /** The plugin's own code, if it answered. */
      readonly code?: string | undefined;
      /** The backend that answered, by its own word. */
      readonly from?: string | undefined;
      readonly body: string;
    }
  /** No complete response. */
  | { readonly kind: 'broken'; readonly at: number; readonly why: string }
  | { readonly kind: 'left'; readonly at: number };

/** A request in a backend. */
export interface Served {
  readonly backend: string;
  readonly at: number;
  /** Whether it was healthy then. */
  readonly healthy: boolean;
  /** When it had answered; undefined: it never did. */
  completedAt?: number;
}

/** A request in the gateway's access log. */
export interface Logged {
  /** When the gateway had answered. */
  readonly at: number;
  readonly status: number;
  /** How long it was with the upstream before that; undefined: it never went there. */
  readonly upstreamMs?: number;
  /** Process of the nginx worker. */
  readonly worker?: number;
}

/** Everything that is known of one request. */
export interface Entry {
  readonly id: string;
  readonly backend: string;
  /** Its hold deadline, milliseconds after it was sent. */
  readonly holdMs: number;
  readonly who: Who;
  readonly how: How;
  readonly path: string;
  readonly sentAt: number;
  end?: End;
  readonly served: Served[];
  readonly logged: Logged[];
}

/** What client, gateway and backends know of each request. */
export class Ledger {
  readonly entries = new Map<string, Entry>();

  open(entry: Omit<Entry, 'served' | 'logged' | 'end'>): Entry {
    const opened: Entry = { ...entry, served: [], logged: [] };
    this.entries.set(entry.id, opened);
    return opened;
  }

  /** Notes a request in a backend. One that is nobody's of this ledger, such as of an episode before, is not kept. */
  serve(id: string | undefined, served: Served): void {
    this.entries.get(id ?? '')?.served.push(served);
  }
}
