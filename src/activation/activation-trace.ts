import type { AddressAnswer, Clock } from '../core/ports';
import type { TraceContext, Tracer } from '../core/tracing';

/** Knows the context of the request that an activation is for. */
interface Traced {
  readonly trace: TraceContext | undefined;
}

/** Probes of an activation that goes on. */
interface Probes {
  readonly since: number;
  count: number;
  last: AddressAnswer['outcome'] | undefined;
}

/**
 * Follows one backend's activations for its traces. There may be 50 probes a second, so all of an activation are one span, which is made
 * when they are over.
 */
export class ActivationTrace {
  readonly #tracer: Tracer;
  readonly #clock: Clock;
  readonly #backend: string;
  readonly #origins: Traced;
  #probes: Probes | undefined;
  #woke = false;
  #readyAt: number | undefined;

  private constructor(tracer: Tracer, clock: Clock, backend: string, origins: Traced) {
    this.#tracer = tracer;
    this.#clock = clock;
    this.#backend = backend;
    this.#origins = origins;
  }

  /** Undefined where there are no traces. */
  static of(
    { tracer, clock }: { readonly tracer?: Tracer | undefined; readonly clock: Clock },
    backend: string,
    origins: Traced,
  ): ActivationTrace | undefined {
    return tracer && new ActivationTrace(tracer, clock, backend, origins);
  }

  began(): void {
    this.#probes = { since: this.#clock.now(), count: 0, last: undefined };
    this.#woke = false;
    this.#readyAt = undefined;
  }

  woke(): void {
    this.#woke = true;
  }

  probed(outcome: AddressAnswer['outcome']): void {
    if (this.#probes === undefined) return;
    this.#probes.count += 1;
    this.#probes.last = outcome;
  }

  ready(): void {
    this.#readyAt ??= this.#clock.now();
    this.over();
  }

  /** It is ready, or nobody waits for it any more. */
  over(): void {
    const probes = this.#probes;
    this.#probes = undefined;
    if (probes?.last === undefined) return;
    const { since, count, last } = probes;
    const attributes = { 'serverless.backend': this.#backend, 'serverless.probes': count, 'serverless.outcome': last };
    const span = this.#tracer.start({ name: 'probe', parent: this.#origins.trace, since, attributes });
    span.end({}, last === 'passed' ? undefined : `the last of ${count} probes ${last}`);
  }

  /** Whether the backend had to be woken for a request that has waited since then. */
  wokeFor(since: number): boolean {
    return this.#woke && (this.#readyAt === undefined || since <= this.#readyAt);
  }
}
