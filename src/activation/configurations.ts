import type { Backend, Policy } from '../core/backend';
import type { Clock, Logger } from '../core/ports';

/** A configuration that no request brought for so long does not count any more, milliseconds. */
const FORGOTTEN_MS = 10 * 60_000;

/** What two configurations of one backend may differ in, and which of two values is the stricter. Without the numbers of a request. */
const STRICTER: Readonly<
  Record<Exclude<keyof Policy, 'holdTimeoutMs' | 'leastHoldMs' | 'maxHeld'>, (a: number, b: number) => number>
> = {
  intervalMs: Math.min,
  leaseMs: Math.min,
  settleMs: Math.max,
  successes: Math.max,
  messageTtlMs: Math.min,
  requestsPerMessage: Math.min,
  maxMessageRate: Math.min,
  maxWakesPerHour: Math.min,
  maxFailedWakes: Math.min,
};

type Shared = keyof typeof STRICTER;
const SHARED = Object.keys(STRICTER) as Shared[];

interface Known {
  readonly backend: Backend;
  usedAt: number;
}

/**
 * The plugin configurations that name one backend. An update of a configuration replaces it; where two different ones name the backend,
 * the stricter value holds for both, whichever started last.
 */
export class Configurations {
  readonly #parts: { readonly clock: Clock; readonly logger: Logger };
  readonly #bySource = new Map<string, Known>();
  #current: Backend;
  #warned = '';

  constructor(backend: Backend, parts: { readonly clock: Clock; readonly logger: Logger }) {
    this.#parts = parts;
    this.#current = backend;
    this.use(backend);
  }

  /** The backend with what holds for it now. */
  get current(): Backend {
    return this.#current;
  }

  /** A request, or an instance that starts, brings this configuration. */
  use(backend: Backend): void {
    const now = this.#parts.clock.now();
    const known = this.#bySource.get(backend.source);
    if (known?.backend === backend) {
      known.usedAt = now;
      return;
    }
    this.#bySource.set(backend.source, { backend, usedAt: now });
    for (const [source, { usedAt }] of this.#bySource) if (now - usedAt >= FORGOTTEN_MS) this.#bySource.delete(source);
    this.#merge(backend);
  }

  /** Sets what holds for the backend now: the latest configuration, stricter where another one is. */
  #merge(latest: Backend): void {
    let { policy, probe } = latest;
    const differ = new Set<string>();
    for (const { backend } of this.#bySource.values()) {
      for (const name of SHARED) {
        if (backend.policy[name] === policy[name]) continue;
        differ.add(name);
        policy = { ...policy, [name]: STRICTER[name](policy[name], backend.policy[name]) };
      }
      if (backend.probe.timeoutMs !== probe.timeoutMs) {
        differ.add('probe.timeout');
        probe = { ...probe, timeoutMs: Math.min(probe.timeoutMs, backend.probe.timeoutMs) };
      }
      const statuses = probe.statuses.filter((status) => backend.probe.statuses.includes(status));
      if (statuses.length === probe.statuses.length && statuses.length === backend.probe.statuses.length) continue;
      differ.add('probe.statuses');
      // None in common: then only the latest can be obeyed at all.
      if (statuses.length > 0) probe = { ...probe, statuses };
    }
    this.#current = differ.size === 0 ? latest : { ...latest, policy, probe };
    const fields = [...differ].sort();
    if (fields.join() === this.#warned) return;
    this.#warned = fields.join();
    if (fields.length === 0) return;
    this.#parts.logger.warn(
      { backend: latest.target, fields },
      'two plugin configurations name this backend and differ: the stricter value holds for both (`serverless check` names them)',
    );
  }
}
