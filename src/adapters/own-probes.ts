import { randomUUID } from 'node:crypto';

/** Header by which the access phase recognises this process's own probes. The backend never sees it. */
export const PROBE_HEADER = 'X-Serverless-Probe';

/** Probes given up that are remembered. */
const LATE_KEPT = 100;

interface InFlight {
  readonly path: string;
  worker: number | undefined;
}

/**
 * The probes in flight through the gateway. Each carries a ticket that nobody outside this process can know, so no header that
 * a client sends opens anything.
 */
export class OwnProbes {
  readonly #inFlight = new Map<string, InFlight>();
  /**
   * Paths of probes that timed out before they came by, by ticket, the oldest first. Kong does not drop a request whose client
   * has gone while it waits for its turn: taken for a request, it would be held, and keep the backend awake by itself.
   */
  readonly #late = new Map<string, string>();

  /** Whether a request for this path may be one of them, so that its header is worth asking for. */
  expects(path: string): boolean {
    for (const probe of this.#inFlight.values()) if (probe.path === path) return true;
    for (const late of this.#late.values()) if (late === path) return true;
    return false;
  }

  get any(): boolean {
    return this.#inFlight.size > 0;
  }

  /** A ticket for a probe of this path: the header's value. No other ticket can be guessed from it. */
  issue(path: string): string {
    const ticket = randomUUID();
    this.#inFlight.set(ticket, { path, worker: undefined });
    return ticket;
  }

  /** The access phase met a request with this header on a worker. False: it is none of ours. */
  met(ticket: string, worker: number): boolean {
    if (this.#late.delete(ticket)) return true;
    const probe = this.#inFlight.get(ticket);
    if (probe === undefined) return false;
    probe.worker = worker;
    return true;
  }

  /** The probe was answered. Tells the worker that served it, when it came by. */
  done(ticket: string): number | undefined {
    const worker = this.#inFlight.get(ticket)?.worker;
    this.#inFlight.delete(ticket);
    return worker;
  }

  /** The probe was not answered, and is not waited for any more. Tells the worker that it came by, if it did. */
  giveUp(ticket: string): number | undefined {
    const probe = this.#inFlight.get(ticket);
    const worker = this.done(ticket);
    if (probe === undefined || worker !== undefined) return worker;
    this.#late.set(ticket, probe.path);
    for (const oldest of this.#late.keys()) {
      if (this.#late.size <= LATE_KEPT) break;
      this.#late.delete(oldest);
    }
    return undefined;
  }
}
