import type { Policy } from '../core/backend';
import type { ErrorCode } from '../core/errors';
import type { Clock } from '../core/ports';

const HOUR_MS = 3_600_000;
/** For how long waking pauses after the bound of failures is reached, milliseconds: doubled with each trial that fails. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = HOUR_MS;

/** Why a backend is not woken now. */
export interface WakeDenied {
  readonly code: Extract<ErrorCode, 'SERVERLESS_WAKE_BUDGET' | 'SERVERLESS_CIRCUIT_OPEN'>;
  /** One sentence for the client. */
  readonly detail: string;
  readonly retryAfterMs: number;
}

/**
 * How often one backend may be woken: so many cold starts in an hour, and not at once again after several in a row that came to nothing.
 * A cold start counts when its first wake-up is due; that it is sent again changes nothing.
 */
export class WakeLimits {
  readonly #policy: () => Policy;
  readonly #clock: Clock;
  /** When the cold starts of the last hour began. */
  #starts: number[] = [];
  /** The cold start that was admitted last, and has not ended. */
  #current: number | undefined;
  #failures = 0;
  #pausedUntil = -LONGEST_PAUSE_MS;
  #denied: WakeDenied | undefined;

  constructor(policy: () => Policy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /** Why it was not to be woken when that was asked last. */
  get denied(): WakeDenied | undefined {
    return this.#denied;
  }

  /** Whether it may be woken. @param wokenAt which cold start it is */
  admits(wokenAt: number): boolean {
    this.#denied = this.#deny(wokenAt);
    return this.#denied === undefined;
  }

  /** Whether nothing would be forgotten with it. */
  get isBlank(): boolean {
    const now = this.#clock.now();
    return now >= this.#pausedUntil + LONGEST_PAUSE_MS && this.#starts.every((at) => now - at >= HOUR_MS);
  }

  /** It came up. */
  succeeded(): void {
    this.#pausedUntil = -LONGEST_PAUSE_MS;
    this.#current = undefined;
    this.#failures = 0;
  }

  /** Nobody waits for it any more, and it did not come up. True: waking pauses from now on. */
  failed(): boolean {
    if (this.#current === undefined) return false;
    this.#current = undefined;
    this.#failures += 1;
    const { maxFailedWakes } = this.#policy();
    if (this.#failures < maxFailedWakes) return false;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#failures - maxFailedWakes));
    this.#pausedUntil = this.#clock.now() + pauseMs;
    return true;
  }

  #deny(wokenAt: number): WakeDenied | undefined {
    if (this.#current === wokenAt) return undefined;
    const now = this.#clock.now();
    const { maxWakesPerHour, maxFailedWakes } = this.#policy();
    if (this.#failures >= maxFailedWakes && now < this.#pausedUntil) {
      const detail = `The last ${this.#failures} starts of the backend failed, so it is not started for a while.`;
      return { code: 'SERVERLESS_CIRCUIT_OPEN', detail, retryAfterMs: this.#pausedUntil - now };
    }
    this.#starts = this.#starts.filter((at) => now - at < HOUR_MS);
    if (this.#starts.length >= maxWakesPerHour) {
      const oldest = this.#starts[this.#starts.length - maxWakesPerHour] ?? now;
      const detail = `The backend was woken ${maxWakesPerHour} times within the last hour, which is as often as it may be.`;
      return { code: 'SERVERLESS_WAKE_BUDGET', detail, retryAfterMs: oldest + HOUR_MS - now };
    }
    if (Number.isFinite(maxWakesPerHour)) this.#starts.push(now);
    this.#current = wokenAt;
    return undefined;
  }
}
