import type { Clock } from '../clock';
import type { Events } from '../events';

/** How long messages other than a cold start are gathered before they are reported: they come ten and more a second. */
const DIGEST_MS = 1000;

/** Reports what is published: a cold start at once, everything else in sums. */
export class PublishDigest {
  readonly #sums = new Map<string, number>();
  readonly #clock: Clock;
  readonly #events: Events;

  constructor(clock: Clock, events: Events) {
    this.#clock = clock;
    this.#events = events;
  }

  /** @param body The payload, as the application gave it. */
  published(topic: string, body: string): void {
    const reason = reasonOf(body);
    if (reason === 'cold-start') {
      this.#events.info('dapr', `published to ${topic}: cold-start`);
      return;
    }
    const what = `published to ${topic}: ${reason ?? 'message'}`;
    const sum = this.#sums.get(what);
    this.#sums.set(what, (sum ?? 0) + 1);
    if (sum !== undefined) return;
    this.#clock.after(DIGEST_MS, () => {
      const times = this.#sums.get(what) ?? 0;
      this.#sums.delete(what);
      this.#events.info('dapr', times === 1 ? what : `${what} x ${times}`);
    });
  }
}

/** The reason in one of our wake-up messages; other payloads have none. */
function reasonOf(body: string): string | undefined {
  try {
    const { reason } = JSON.parse(body) as { reason?: unknown };
    return typeof reason === 'string' ? reason : undefined;
  } catch {
    return undefined;
  }
}
