import { type ErrorCode, isAsConfigured } from '../core/errors';
import type { AddressAnswer, Clock, ColdStart, Lane, Observer, Pod, WakeReason, WakeUp } from '../core/ports';
import type { Rejection } from '../core/status';
import type { ActivationTrace } from './activation-trace';

/** Cold starts that the status shows. */
const KEPT = 20;

/** A cold start that goes on; milliseconds as in `ColdStart`. */
interface Open {
  readonly at: string;
  readonly since: number;
  woke: boolean;
  reason: WakeReason;
  /** It was reported that requests were rejected. */
  late: boolean;
  wakeMs: number | undefined;
  addressMs: number | undefined;
  podReadyMs: number | undefined;
  probes: number;
  messages: number;
}

export interface ActivationLogParts {
  /** Its target. */
  readonly backend: string;
  /** What is known of the activation by those who probe. */
  readonly facts: () => Pick<ColdStart, 'host' | 'traceId' | 'service'>;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Undefined where there are no traces. */
  readonly trace: ActivationTrace | undefined;
}

/** Follows one backend's cold start from its first request, and reports it when the backend is ready. */
export class ActivationLog {
  readonly #parts: ActivationLogParts;
  readonly #clock: Clock;
  readonly #trace: ActivationTrace | undefined;
  #open: Open | undefined;
  #lastRejection: Rejection | undefined;
  #kept: readonly ColdStart[] = [];
  /** When the cold start began that was reported before a pod of it was Ready. */
  #readyAwaitedSince: number | undefined;

  constructor(parts: ActivationLogParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#trace = parts.trace;
  }

  /** The latest cold starts, the newest last. */
  get coldStarts(): readonly ColdStart[] {
    return this.#kept;
  }

  /** A request came while nothing was known of the backend, or what was known turned out to be wrong. */
  began(): void {
    const clock = this.#clock;
    this.#trace?.began();
    this.#readyAwaitedSince = undefined;
    this.#open = {
      at: clock.wall(),
      since: clock.now(),
      woke: false,
      reason: 'probe',
      late: false,
      wakeMs: undefined,
      addressMs: undefined,
      podReadyMs: undefined,
      probes: 0,
      messages: 0,
    };
  }

  probed(outcome: AddressAnswer['outcome']): void {
    this.#trace?.probed(outcome);
    if (this.#open !== undefined) this.#open.probes += 1;
  }

  /** @param asleep no pod of the backend runs or starts */
  published(reason: WakeUp['reason'], asleep: boolean): void {
    if (reason === 'cold-start') this.#trace?.woke();
    const open = this.#open;
    if (open === undefined) return;
    open.messages += 1;
    if (reason !== 'cold-start') return;
    if (!open.woke && asleep) open.reason = 'no-pod';
    open.woke = true;
  }

  /** The last rejection that was an error, and not as configured. */
  get lastRejection(): Rejection | undefined {
    return this.#lastRejection;
  }

  /** Requests were rejected. */
  rejected(code: ErrorCode): void {
    if (isAsConfigured(code)) return;
    this.#lastRejection = { at: this.#clock.wall(), code };
    const open = this.#open;
    if (open?.woke !== true || open.late) return;
    open.late = true;
    const { at, reason, wakeMs, addressMs, probes, messages, since } = open;
    const { service } = this.#parts.facts();
    const late = { at, reason, service, sinceMs: this.#since(since), wakeMs, addressMs, probes, messages };
    this.#parts.observer.coldStartLate(this.#parts.backend, code, late);
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
    this.#trace?.ready();
    const open = this.#open;
    this.#open = undefined;
    if (open?.woke !== true) return;
    const { at, since, reason, wakeMs, addressMs, podReadyMs, probes, messages } = open;
    const readyMs = this.#since(since);
    const phases = { wakeMs, addressMs, readyMs, podReadyMs };
    const coldStart: ColdStart = { at, reason, ...this.#parts.facts(), held, lane, ...phases, probes, messages };
    if (podReadyMs === undefined && addressMs !== undefined) this.#readyAwaitedSince = since;
    this.#kept = [...this.#kept, coldStart].slice(-KEPT);
    this.#parts.observer.coldStart(this.#parts.backend, coldStart);
  }

  /** Nobody waits any more. */
  abandoned(): void {
    this.#trace?.over();
  }

  /** Whether the backend had to be woken for a request that has waited since then. Known only where there are traces. */
  wokeFor(since: number): boolean {
    return this.#trace?.wokeFor(since) === true;
  }

  #since(moment: number): number {
    return Math.round(this.#clock.now() - moment);
  }
}
