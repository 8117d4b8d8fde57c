import type { Clock, ColdStart, Lane, Observer, Pod, WakeUp } from '../core/ports';

/** Cold starts that the status shows. */
const KEPT = 20;

/** A cold start that goes on; milliseconds as in `ColdStart`. */
interface Open {
  readonly at: string;
  readonly since: number;
  woke: boolean;
  wakeMs: number | undefined;
  addressMs: number | undefined;
  podReadyMs: number | undefined;
  probes: number;
  messages: number;
}

/** Follows one backend's cold start from its first request, and reports it when the backend is ready. */
export class ActivationLog {
  readonly #backend: string;
  readonly #clock: Clock;
  readonly #observer: Observer;
  #open: Open | undefined;
  #kept: readonly ColdStart[] = [];
  /** When the cold start began that was reported before a pod of it was Ready. */
  #readyAwaitedSince: number | undefined;

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
    this.#readyAwaitedSince = undefined;
    this.#open = {
      at: clock.wall(),
      since: clock.now(),
      woke: false,
      wakeMs: undefined,
      addressMs: undefined,
      podReadyMs: undefined,
      probes: 0,
      messages: 0,
    };
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
    if (this.#open !== undefined) this.#open.wakeMs ??= this.#since(this.#open.since);
  }

  /** These pods run or start now. */
  pods(pods: readonly Pod[] | undefined): void {
    if (pods === undefined || pods.length === 0) return;
    const isReady = pods.some(({ ready }) => ready);
    if (this.#open !== undefined) {
      this.#open.addressMs ??= this.#since(this.#open.since);
      if (isReady) this.#open.podReadyMs ??= this.#since(this.#open.since);
    } else if (isReady && this.#readyAwaitedSince !== undefined) {
      const podReadyMs = this.#since(this.#readyAwaitedSince);
      this.#readyAwaitedSince = undefined;
      this.#kept = this.#kept.map((one, index) => (index === this.#kept.length - 1 ? { ...one, podReadyMs } : one));
    }
  }

  /** A probe passed. Without a wake-up it was no cold start: the backend was up. */
  ready(held: number, lane: Lane): void {
    const open = this.#open;
    this.#open = undefined;
    if (open?.woke !== true) return;
    const { at, since, wakeMs, addressMs, podReadyMs, probes, messages } = open;
    const readyMs = this.#since(since);
    const coldStart: ColdStart = { at, held, lane, wakeMs, addressMs, readyMs, podReadyMs, probes, messages };
    if (podReadyMs === undefined && addressMs !== undefined) this.#readyAwaitedSince = since;
    this.#kept = [...this.#kept, coldStart].slice(-KEPT);
    this.#observer.coldStart(this.#backend, coldStart);
  }

  #since(moment: number): number {
    return Math.round(this.#clock.now() - moment);
  }
}
