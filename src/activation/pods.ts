import type { Clock, Endpoints, ServiceName } from '../core/ports';

/**
 * How long a probe may still reach a pod that leaves, milliseconds: until the ingress controller has taken it from Kong and Kong's workers
 * have followed (I1, K27). After that a probe that passes counts whatever the watch says, should it have missed something.
 */
const LEAVING_MS = 10_000;

interface Followed {
  /** Undefined for the moment in which it begins. */
  stop: (() => void) | undefined;
  /** Of pods that run or start; undefined: not known. */
  addresses: readonly string[] | undefined;
}

/** What is known of a backend's pods, from the Services that its requests are routed to: usually one. */
export class Pods {
  readonly #services = new Map<string, Followed>();
  readonly #endpoints: Endpoints | undefined;
  readonly #clock: Clock;
  readonly #onWithdrawn: () => void;
  /** A request that waits is asked for its Service. */
  #asking = false;
  #asleepSince = -Infinity;

  /** @param onWithdrawn the last pod began to leave */
  constructor(endpoints: Endpoints | undefined, clock: Clock, onWithdrawn: () => void) {
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#onWithdrawn = onWithdrawn;
  }

  /** Whether no pod runs or starts. */
  get asleep(): boolean {
    if (this.#services.size === 0) return false;
    for (const { addresses } of this.#services.values()) if (addresses?.length !== 0) return false;
    return true;
  }

  /** Whether only a pod that is on its way out can pass a probe. */
  get leaving(): boolean {
    return this.#clock.now() < this.#asleepSince + LEAVING_MS && this.asleep;
  }

  /** Addresses of pods that run or start; undefined: not known. */
  get addresses(): readonly string[] | undefined {
    const known = [...this.#services.values()].map(({ addresses }) => addresses);
    return known.length === 0 || known.includes(undefined) ? undefined : known.flatMap((addresses) => addresses ?? []);
  }

  /** Whether the next request that waits should be asked for its Service: none is known, or its own may be another that is up. */
  wantService(): boolean {
    if (this.#endpoints === undefined || this.#asking || !(this.#services.size === 0 || this.asleep)) return false;
    this.#asking = true;
    return true;
  }

  /** The answer of the request that was asked; undefined: it told none. */
  learn(service: ServiceName | undefined): void {
    this.#asking = false;
    if (service === undefined || this.#endpoints === undefined) return;
    const key = `${service.namespace}/${service.name}`;
    if (this.#services.has(key)) return;
    const followed: Followed = { stop: undefined, addresses: undefined };
    this.#services.set(key, followed);
    followed.stop = this.#endpoints.follow(service, (addresses) => {
      const before = this.asleep;
      followed.addresses = addresses;
      const after = this.asleep;
      if (before || !after) return;
      this.#asleepSince = this.#clock.now();
      this.#onWithdrawn();
    });
  }

  close(): void {
    for (const { stop } of this.#services.values()) stop?.();
    this.#services.clear();
  }
}
