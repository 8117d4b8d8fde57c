import type { Backend } from '../core/backend';
import type { Clock } from '../core/ports';
import type { KnownBackend } from '../core/status';
import type { Activator } from './activator';

/**
 * An activator that nobody asked for this long is dropped. One of a backend that is seen to sleep is what counts that, but not for ever:
 * it may have gone from the configuration.
 */
const UNUSED = { idleMs: 10 * 60_000, asleepMs: 31 * 24 * 3_600_000 };
const SWEEP_MS = 60_000;

/**
 * All activators of the process, by backend. Plugin instances come and go with every configuration push and exist once per
 * nginx worker (K12): what is known of a backend must not come and go with them.
 */
export class Registry {
  readonly #clock: Clock;
  readonly #create: (backend: Backend) => Activator;
  readonly #activators = new Map<string, Activator>();
  #cancelSweep: (() => void) | undefined;

  constructor(clock: Clock, create: (backend: Backend) => Activator) {
    this.#clock = clock;
    this.#create = create;
  }

  /** The backend's activator, made when it is asked for the first time. */
  get(backend: Backend): Activator {
    const known = this.#activators.get(backend.key);
    if (known !== undefined) return known;
    const activator = this.#create(backend);
    this.#activators.set(backend.key, activator);
    this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => {
      this.#sweep();
    });
    return activator;
  }

  /** The activator with this key, if there is one. */
  find(key: string): Activator | undefined {
    return this.#activators.get(key);
  }

  /** A plugin instance with this configuration has started. */
  configure(backend: Backend): void {
    this.#activators.get(backend.key)?.configure(backend);
  }

  /** Activators in memory. */
  get size(): number {
    return this.#activators.size;
  }

  status(): KnownBackend[] {
    return [...this.#activators].map(([key, activator]) => ({ key, ...activator.status() }));
  }

  close(): void {
    this.#cancelSweep?.();
    for (const activator of this.#activators.values()) activator.close();
    this.#activators.clear();
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    for (const [key, activator] of this.#activators) {
      if (!activator.isUnused(UNUSED)) continue;
      activator.close();
      this.#activators.delete(key);
    }
    if (this.#activators.size > 0) {
      this.#cancelSweep = this.#clock.after(SWEEP_MS, () => {
        this.#sweep();
      });
    }
  }
}
