import type { Policy } from '../core/backend';
import type { Clock } from '../core/ports';
import type { PublishReport } from '../core/reports';
import { backOffMs } from '../core/publish-pace';

/**
 * Wakes a backend without a health path. Nothing is ever known of it, and no request waits; but the first request after the queue has run
 * empty must wake it at once, whatever `requests_per_message` says, and is tried again like any other wake-up.
 */
export class UnprobedWake {
  readonly #policy: () => Policy;
  readonly #clock: Clock;
  readonly #publish: () => Promise<PublishReport>;
  /** Until then the queue has a message. */
  #keptUntil = -Infinity;
  #failures = 0;
  #busy = false;
  #closed = false;
  #cancelRetry: (() => void) | undefined;

  /** @param publish sends a cold-start wake-up */
  constructor(policy: () => Policy, clock: Clock, publish: () => Promise<PublishReport>) {
    this.#policy = policy;
    this.#clock = clock;
    this.#publish = publish;
  }

  /** A request came. True: it is the one that the wake-up stands for. */
  requested(): boolean {
    if (this.#busy || this.#clock.now() < this.#keptUntil) return false;
    this.#send();
    return true;
  }

  /** Dapr took a message, of whichever kind. */
  accepted(): void {
    this.#keptUntil = this.#clock.now() + this.#policy().messageTtlMs;
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
  }

  #send(): void {
    this.#busy = true;
    void this.#publish().then(({ outcome }) => {
      if (this.#closed) return;
      if (outcome === 'retry') {
        this.#cancelRetry = this.#clock.after(backOffMs(this.#failures), () => {
          this.#send();
        });
        this.#failures += 1;
        return;
      }
      // Refused: trying again cannot help, until the next request does (D8).
      this.#failures = 0;
      this.#busy = false;
    });
  }
}
