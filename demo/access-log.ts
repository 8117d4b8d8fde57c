import type { Clock } from './clock';
import type { Journal } from './journal';
import type { Answered } from './kong/gateway';

/** How long responses of one kind are collected before they are reported, so that a burst is one line. */
const GATHER_MS = 250;

/** User-Agent of the page's own requests, which are reported elsewhere (Traffic). */
export const OWN_AGENT = 'serverless-demo';
/** The same, as a crawler. */
export const CRAWLER_AGENT = 'Mozilla/5.0 (compatible; DemoBot/1.0; +https://example.com/bot)';

/** Reports the gateway's responses on routes with the plugin, except to the plugin's probes and to the page's own requests. */
export class AccessLog {
  readonly #kinds = new Map<string, { times: number; slowestMs: number }>();
  readonly #clock: Clock;
  readonly #journal: Journal;

  constructor(clock: Clock, journal: Journal) {
    this.#clock = clock;
    this.#journal = journal;
  }

  answered({ method, path, headers, status, ms }: Answered): void {
    if (headers['x-serverless-probe'] !== undefined || [OWN_AGENT, CRAWLER_AGENT].includes(headers['user-agent'] ?? ''))
      return;
    const kind = `${method} ${path} ${status}`;
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.times++;
      known.slowestMs = Math.max(known.slowestMs, ms);
      return;
    }
    this.#kinds.set(kind, { times: 1, slowestMs: ms });
    this.#clock.after(GATHER_MS, () => {
      const { times = 0, slowestMs = 0 } = this.#kinds.get(kind) ?? {};
      this.#kinds.delete(kind);
      const after = `${(slowestMs / 1000).toFixed(1)} s`;
      this.#journal.info(
        'gateway',
        times === 1 ? `${kind} after ${after}` : `${kind} x ${times}, the slowest after ${after}`,
      );
    });
  }
}
