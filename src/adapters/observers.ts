import type { ErrorCode } from '../core/errors';
import type { Clock, ColdStart, LateColdStart, Logger, Observer, Settlement, MessageReason } from '../core/ports';
import { Quiet } from '../core/quiet';
import type { PublishReport } from '../core/reports';

/** What goes on failing is logged this often, milliseconds. */
const QUIET_MS = 10_000;

/** Writes one line per cold start, and one for a publish that failed. */
export class LoggingObserver implements Observer {
  readonly #quietOf = new Map<string, Quiet>();
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  coldStart(backend: string, coldStart: ColdStart): void {
    this.#logger.info({ backend, ...coldStart }, 'cold start');
  }

  coldStartLate(backend: string, code: ErrorCode, late: LateColdStart): void {
    this.#logger.warn({ backend, code, ...late }, 'requests are rejected during a cold start; it goes on');
  }

  renewed(): void {
    // As usual as requests.
  }

  settled(): void {
    // One line per request would be the access log, which Kong writes.
  }

  probed(): void {
    // Counted in the cold start's line.
  }

  published(backend: string, reason: MessageReason, report: PublishReport): void {
    if (report.outcome === 'accepted') {
      this.#quietOf.delete(backend);
      return;
    }
    const quiet = this.#quietOf.get(backend) ?? new Quiet(QUIET_MS);
    this.#quietOf.set(backend, quiet);
    if (!quiet.allows(this.#clock.now())) return;
    const advice =
      report.outcome === 'refused'
        ? 'Dapr refused the message: check the names of the pubsub component and topic, its scopes, and the API token'
        : 'Dapr could not take the message, it is tried again: check that the sidecar runs and reaches its broker';
    this.#logger.error({ backend, reason, ...report }, advice);
  }

  rejected(): void {
    // Whoever rejects says why.
  }
}

/**
 * Tells several observers. None of them can disturb what it observes, or another observer: an exception ends here, is counted, and is
 * logged once in a while.
 */
export class Observers implements Observer {
  readonly #observers: readonly Observer[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  #failures = 0;
  readonly #quiet = new Quiet(QUIET_MS);

  constructor(observers: readonly Observer[], logger: Logger, clock: Clock) {
    this.#observers = observers;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** How often one of them has thrown. */
  get failures(): number {
    return this.#failures;
  }

  coldStart(backend: string, coldStart: ColdStart): void {
    this.#tell((observer) => {
      observer.coldStart(backend, coldStart);
    });
  }

  coldStartLate(backend: string, code: ErrorCode, late: LateColdStart): void {
    this.#tell((observer) => {
      observer.coldStartLate(backend, code, late);
    });
  }

  settled(backend: string, settlement: Settlement): void {
    this.#tell((observer) => {
      observer.settled(backend, settlement);
    });
  }

  renewed(backend: string): void {
    this.#tell((observer) => {
      observer.renewed(backend);
    });
  }

  probed(backend: string, outcome: string): void {
    this.#tell((observer) => {
      observer.probed(backend, outcome);
    });
  }

  published(backend: string, reason: MessageReason, report: PublishReport): void {
    this.#tell((observer) => {
      observer.published(backend, reason, report);
    });
  }

  rejected(code: ErrorCode): void {
    this.#tell((observer) => {
      observer.rejected(code);
    });
  }

  #tell(what: (observer: Observer) => void): void {
    for (const observer of this.#observers) {
      try {
        what(observer);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (!this.#quiet.allows(this.#clock.now())) return;
    this.#logger.error({ err: error, failures: this.#failures }, 'an observer failed; what it observes goes on');
  }
}
