import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Hold, Outcome } from '../activation/arrival';
import type { ServerlessError } from '../core/errors';
import type { Clock } from '../core/ports';

/** Those who look at a page that failed learn it within this time, milliseconds. */
const REMEMBERED_MS = 60_000;

/** How a wake-up ended that people look at. */
export type Ended = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: ServerlessError };

/** A wake-up that goes on although the requests that caused it were answered with the page. */
export interface Watch {
  /** When the first of them came, on the clock. */
  readonly since: number;
  readonly ended: Promise<Ended>;
  /** The same, once it has ended. */
  readonly end: Ended | undefined;
  /** Pages that ask now. */
  askers: number;
}

/**
 * Which wake-ups people look at. The hold of the first request that was answered with the page stays, one for each backend: without
 * anybody who waits, nobody would probe. It ends as any hold does, and it alone decides: pages that ask how it goes wake nothing.
 */
export class PageWatches {
  readonly #clock: Clock;
  readonly #watches = new Map<string, Watch>();
  readonly #holds = new Map<string, Pick<Hold, 'leave'>>();
  readonly #secret = randomBytes(32);
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets a page ask how the wake-up of this backend goes. Nobody else can make it. */
  token(key: string): string {
    return createHmac('sha256', this.#secret).update(key).digest('base64url').slice(0, 22);
  }

  isToken(key: string, token: string): boolean {
    const [expected, given] = [Buffer.from(this.token(key)), Buffer.from(token)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  of(key: string): Watch | undefined {
    return this.#watches.get(key);
  }

  /** Takes over the hold of a request that is answered with the page. @param since when that came */
  keep(key: string, hold: Pick<Hold, 'outcome' | 'leave'>, since: number): Watch {
    const known = this.#watches.get(key);
    if (known !== undefined && known.end === undefined) {
      hold.leave('answered');
      return known;
    }
    let end: Ended | undefined;
    const ended = hold.outcome.then((outcome) => (end = this.#over(key, watch, outcome)));
    const watch: Watch = {
      since,
      ended,
      askers: 0,
      get end() {
        return end;
      },
    };
    if (this.#closed) {
      hold.leave('answered');
      return watch;
    }
    this.#watches.set(key, watch);
    this.#holds.set(key, hold);
    return watch;
  }

  /** The holds that are kept end, and none is kept any more: this process leaves. */
  close(): void {
    this.#closed = true;
    for (const hold of this.#holds.values()) hold.leave('answered');
    this.#holds.clear();
    this.#watches.clear();
  }

  #over(key: string, watch: Watch, outcome: Outcome): Ended {
    this.#holds.delete(key);
    const forget = (): void => {
      if (this.#watches.get(key) === watch) this.#watches.delete(key);
    };
    if (outcome.kind === 'released') {
      forget();
      return { kind: 'ready' };
    }
    this.#clock.after(REMEMBERED_MS, forget);
    return { kind: 'failed', error: outcome.error };
  }
}
