import type { Clock, ColdStart, Observer, WakeUp } from '../core/ports';

/** Cold starts that the status shows. */
const KEPT = 20;

interface Open {
  readonly at: string;
  readonly since: number;
  woke: boolean;
  wakeMs: number | undefined;
  probes: number;
  messages: number;
}

/** Follows one backend's cold start from its first request, and reports it when the backend is ready. */
export class ActivationLog {
  readonly #backend: string;
  readonly #clock: Clock;
  readonly #observer: Observer;
  #open: Open | undefined;
  readonly #kept: ColdStart[] = [];

  constructor(backend: string, clock: Clock, observer: Observer) {
    this.#backend = backend;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** The latest cold starts, the newest last. */
  get coldStarts(): readonly ColdStart[] {
    return this.#kept;
  }

  /** A request came while nothing was known of the backend, or what was known turned out to be wrong. */
  began(): void {
    const clock = this.#clock;
    this.#open = { at: clock.wall(), since: clock.now(), woke: false, wakeMs: undefined, probes: 0, messages: 0 };
  }

  probed(): void {
    if (this.#open !== undefined) this.#open.probes += 1;
  }

  published(reason: WakeUp['reason']): void {
    if (this.#open === undefined) return;
    this.#open.messages += 1;
    if (reason === 'cold-start') this.#open.woke = true;
  }

  /** Dapr took the wake-up. */
  woken(): void {
    if (this.#open !== undefined) this.#open.wakeMs ??= Math.round(this.#clock.now() - this.#open.since);
  }

  /** A probe passed. Without a wake-up it was no cold start: the backend was up. */
  ready(held: number): void {
    const open = this.#open;
    this.#open = undefined;
    if (open?.woke !== true) return;
    const { at, wakeMs, probes, messages } = open;
    const coldStart = { at, held, wakeMs, readyMs: Math.round(this.#clock.now() - open.since), probes, messages };
    this.#kept.push(coldStart);
    if (this.#kept.length > KEPT) this.#kept.shift();
    this.#observer.coldStart(this.#backend, coldStart);
  }
}
