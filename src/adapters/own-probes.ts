/** Header by which the access phase recognises this process's own probes. The backend never sees it. */
export const PROBE_HEADER = 'X-Serverless-Probe';

interface InFlight {
  readonly path: string;
  worker: number | undefined;
}

/**
 * The probes in flight through the gateway. Each carries a ticket that nobody outside this process can know, so no header that
 * a client sends opens anything.
 */
export class OwnProbes {
  #secret: string | undefined;
  readonly #inFlight = new Map<string, InFlight>();
  #next = 0;

  /** Whether a request for this path may be one of them, so that its header is worth asking for. */
  expects(path: string): boolean {
    for (const probe of this.#inFlight.values()) if (probe.path === path) return true;
    return false;
  }

  get any(): boolean {
    return this.#inFlight.size > 0;
  }

  /** A ticket for a probe of this path: the header's value. */
  issue(path: string): string {
    this.#secret ??= crypto.randomUUID();
    const ticket = `${this.#secret}.${this.#next++}`;
    this.#inFlight.set(ticket, { path, worker: undefined });
    return ticket;
  }

  /** The access phase met a request with this header on a worker. False: it is none of ours. */
  met(ticket: string, worker: number): boolean {
    const probe = this.#inFlight.get(ticket);
    if (probe === undefined) return false;
    probe.worker = worker;
    return true;
  }

  /** The probe is over. Answers the worker that served it, when it came by. */
  done(ticket: string): number | undefined {
    const worker = this.#inFlight.get(ticket)?.worker;
    this.#inFlight.delete(ticket);
    return worker;
  }
}
