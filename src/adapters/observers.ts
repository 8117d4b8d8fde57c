import type { ColdStart, Logger, Observer, WakeUp } from '../core/ports';
import type { PublishReport } from '../core/reports';

/** A publish that goes on failing is logged this often, milliseconds. */
const QUIET_MS = 10_000;

/** Writes one line per cold start, and one for a publish that failed. */
export class LoggingObserver implements Observer {
  readonly #loggedAt = new Map<string, number>();
  readonly #logger: Logger;
  readonly #now: () => number;

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger;
    this.#now = now;
  }

  coldStart(backend: string, coldStart: ColdStart): void {
    this.#logger.info({ backend, ...coldStart }, 'cold start');
  }

  settled(): void {
    // One line per request would be the access log, which Kong writes.
  }

  probed(): void {
    // Counted in the cold start's line.
  }

  published(backend: string, reason: WakeUp['reason'], report: PublishReport): void {
    if (report.outcome === 'accepted') {
      this.#loggedAt.delete(backend);
      return;
    }
    const now = this.#now();
    if (now - (this.#loggedAt.get(backend) ?? -Infinity) < QUIET_MS) return;
    this.#loggedAt.set(backend, now);
    const advice =
      report.outcome === 'refused'
        ? 'Dapr refused the message: check the names of the pubsub component and topic, its scopes, and the API token'
        : 'Dapr could not take the message, it is tried again: check that the sidecar runs and reaches its broker';
    this.#logger.error({ backend, reason, ...report }, advice);
  }
}

/** Tells several observers. */
export function observeAll(observers: readonly Observer[]): Observer {
  return {
    coldStart(backend, coldStart) {
      for (const observer of observers) observer.coldStart(backend, coldStart);
    },
    settled(backend, outcome, heldMs) {
      for (const observer of observers) observer.settled(backend, outcome, heldMs);
    },
    probed(backend, outcome) {
      for (const observer of observers) observer.probed(backend, outcome);
    },
    published(backend, reason, report) {
      for (const observer of observers) observer.published(backend, reason, report);
    },
  };
}

/** An observer that is loaded with the first thing it is told. It hears everything, in order. */
export function observeLater(load: () => Promise<Observer>): Observer {
  let observer: Promise<Observer> | undefined;
  const tell = (what: (observer: Observer) => void): void => {
    observer ??= load();
    void observer.then(what);
  };
  return {
    coldStart(backend, coldStart) {
      tell((loaded) => {
        loaded.coldStart(backend, coldStart);
      });
    },
    settled(backend, outcome, heldMs) {
      tell((loaded) => {
        loaded.settled(backend, outcome, heldMs);
      });
    },
    probed(backend, outcome) {
      tell((loaded) => {
        loaded.probed(backend, outcome);
      });
    },
    published(backend, reason, report) {
      tell((loaded) => {
        loaded.published(backend, reason, report);
      });
    },
  };
}
