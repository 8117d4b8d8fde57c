import type { Clock } from '../clock';
import type { Journal } from '../journal';

/** How long messages other than cold starts are summed up before they are reported: there may be ten a second and more. */
const DIGEST_MS = 1000;

/** Reports published messages: a cold start immediately, everything else as a sum. */
export class PublishDigest {
  readonly #sums = new Map<string, number>();
  readonly #clock: Clock;
  readonly #journal: Journal;

  constructor(clock: Clock, journal: Journal) {
    this.#clock = clock;
    this.#journal = journal;
  }

  /** @param body The payload as the application sent it. */
  published(topic: string, body: string): void {
    const reason = reasonOf(body);
    if (reason === 'cold-start') {
      this.#journal.info('dapr', `published to ${topic}: cold-start`);
      return;
    }
    const what = `published to ${topic}: ${reason ?? 'message'}`;
    const sum = this.#sums.get(what);
    this.#sums.set(what, (sum ?? 0) + 1);
    if (sum !== undefined) return;
    this.#clock.after(DIGEST_MS, () => {
      const times = this.#sums.get(what) ?? 0;
      this.#sums.delete(what);
      this.#journal.info('dapr', times === 1 ? what : `${what} x ${times}`);
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
