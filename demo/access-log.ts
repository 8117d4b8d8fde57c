import type { Clock } from './clock';
import type { Events } from './events';
import type { Answered } from './kong/gateway';

/** How long answers of one kind are gathered before they are reported: a burst is one line. */
const GATHER_MS = 250;

/** Requests of the page's own buttons, which it reports itself. */
export const OWN_AGENT = 'serverless-demo';

/** Reports what the gateway has answered for services that can sleep, but neither the plugin's probes nor the page's own requests. */
export class AccessLog {
  readonly #kinds = new Map<string, { times: number; slowestMs: number }>();
  readonly #clock: Clock;
  readonly #events: Events;

  constructor(clock: Clock, events: Events) {
    this.#clock = clock;
    this.#events = events;
  }

  answered({ method, path, headers, status, ms }: Answered): void {
    if (headers['x-serverless-probe'] !== undefined || headers['user-agent'] === OWN_AGENT) return;
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
      this.#events.info(
        'gateway',
        times === 1 ? `${kind} after ${after}` : `${kind} x ${times}, the slowest after ${after}`,
      );
    });
  }
}
