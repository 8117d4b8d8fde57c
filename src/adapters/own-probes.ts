import { randomUUID } from 'node:crypto';
import type { Pin } from '../core/ports';
import type { ServicePort } from '../core/service-name';

/** Header by which the access phase recognises this process's own probes. The backend never sees it. */
export const PROBE_HEADER = 'X-Serverless-Probe';
/** The User-Agent of a probe. */
export const PROBE_USER_AGENT = 'kong-serverless-probe';

/** Probes given up that are remembered. */
const LATE_KEPT = 100;

/** A probe as the access phase will meet it. */
export interface OwnProbe {
  /** As `normalizePath` gives it: Kong tells it in this form or in the one it was sent in. */
  readonly path: string;
  /** As the backend's configuration has it. */
  readonly healthPath: string;
  /** The pod that it is for, which counts only where Kong routes it to this Service. */
  readonly pinned?: { readonly pin: Pin; readonly service: ServicePort };
}

interface InFlight extends OwnProbe {
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
  /** Paths of both kinds. */
  readonly #expected = new Tally();
  /** Health paths of those in flight. */
  readonly #probed = new Tally();

  /**
   * Whether a request for this path may be one of them, so that its header is worth asking for.
   *
   * @param path as `normalizePath` gives it
   */
  expects(path: string): boolean {
    return this.#expected.has(path);
  }

  /** Whether one of them asks this health path, so that no request for its backend may pass unread: it may be the probe. */
  inFlightFor(healthPath: string): boolean {
    return this.#probed.has(healthPath);
  }

  /** A ticket for a probe: the header's value. No other ticket can be guessed from it. */
  issue(probe: OwnProbe): string {
    const ticket = randomUUID();
    this.#inFlight.set(ticket, { ...probe, worker: undefined });
    this.#expected.add(probe.path);
    this.#probed.add(probe.healthPath);
    return ticket;
  }

  /** The pod that the probe with this ticket is for, if it is for one. */
  pinnedTo(ticket: string): OwnProbe['pinned'] {
    return this.#inFlight.get(ticket)?.pinned;
  }

  /** The access phase met a request with this header on a worker. False: it is none of ours. */
  met(ticket: string, worker: number): boolean {
    if (this.#forgetLate(ticket)) return true;
    const probe = this.#inFlight.get(ticket);
    if (probe === undefined) return false;
    probe.worker = worker;
    return true;
  }

  /** The probe was answered. Tells the worker that served it, when it came by. */
  done(ticket: string): number | undefined {
    const probe = this.#inFlight.get(ticket);
    if (probe === undefined) return undefined;
    this.#inFlight.delete(ticket);
    this.#expected.remove(probe.path);
    this.#probed.remove(probe.healthPath);
    return probe.worker;
  }

  /** The probe was not answered, and is not waited for any more. Tells the worker that it came by, if it did. */
  giveUp(ticket: string): number | undefined {
    const path = this.#inFlight.get(ticket)?.path;
    const worker = this.done(ticket);
    if (path === undefined || worker !== undefined) return worker;
    this.#late.set(ticket, path);
    this.#expected.add(path);
    for (const oldest of this.#late.keys()) {
      if (this.#late.size <= LATE_KEPT) break;
      this.#forgetLate(oldest);
    }
    return undefined;
  }

  #forgetLate(ticket: string): boolean {
    const path = this.#late.get(ticket);
    if (path === undefined) return false;
    this.#late.delete(ticket);
    this.#expected.remove(path);
    return true;
  }
}

/** How often each text is there. */
class Tally {
  readonly #counts = new Map<string, number>();

  has(text: string): boolean {
    return this.#counts.has(text);
  }

  add(text: string): void {
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
  }

  remove(text: string): void {
    const count = this.#counts.get(text) ?? 0;
    if (count > 1) this.#counts.set(text, count - 1);
    else this.#counts.delete(text);
  }
}
