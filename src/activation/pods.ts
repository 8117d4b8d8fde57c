import type { Clock, Endpoints, Pod } from '../core/ports';
import type { ServiceName } from '../core/service-name';
import { AsleepTime } from './asleep-time';

/**
 * How long a probe may still reach a pod that leaves, milliseconds: until the ingress controller has taken it from Kong and Kong's workers
 * have followed (I1, K27). After that a probe that passes counts whatever the watch says, should it have missed something.
 */
const LEAVING_MS = 10_000;

interface Followed {
  readonly service: ServiceName;
  /** Undefined for the moment in which it begins. */
  stop: (() => void) | undefined;
  /** Those that run or start; undefined: not known. */
  pods: readonly Pod[] | undefined;
}

/** What is told of pods. */
export interface PodsEvents {
  /** The pods of a Service changed, or were known for the first time. Comes before what it means for the backend. */
  readonly onChange: (service: ServiceName) => void;
  /** The last pod of all Services began to leave. */
  readonly onWithdrawn: () => void;
}

/** What is known of a backend's pods, from the Services that its requests are routed to: usually one. */
export class Pods {
  readonly #services = new Map<string, Followed>();
  readonly #endpoints: Endpoints | undefined;
  readonly #clock: Clock;
  readonly #events: PodsEvents;
  readonly #asleepTime: AsleepTime;
  #asleepSince = -Infinity;

  constructor(endpoints: Endpoints | undefined, clock: Clock, events: PodsEvents) {
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#events = events;
    this.#asleepTime = new AsleepTime(clock);
  }

  /** Whether pods can be followed, so that it is worth asking a request for its Service. */
  get areFollowed(): boolean {
    return this.#endpoints !== undefined;
  }

  /** Whether no pod runs or starts. */
  get asleep(): boolean {
    if (this.#services.size === 0) return false;
    for (const { pods } of this.#services.values()) if (pods?.length !== 0) return false;
    return true;
  }

  /** The Service that is followed, the first of several. */
  get service(): ServiceName | undefined {
    const [followed] = this.#services.values();
    return followed?.service;
  }

  /** How long no pod ran or started in all, as far as that was seen. Milliseconds; undefined: it never was. */
  get asleepMs(): number | undefined {
    return this.#asleepTime.ms;
  }

  /** Whether only a pod that is on its way out can pass a probe. */
  get leaving(): boolean {
    return this.#clock.now() < this.#asleepSince + LEAVING_MS && this.asleep;
  }

  /** All that run or start; undefined: not known. */
  get all(): readonly Pod[] | undefined {
    const known = [...this.#services.values()].map(({ pods }) => pods);
    return known.length === 0 || known.includes(undefined) ? undefined : known.flatMap((pods) => pods ?? []);
  }

  /** Those of one Service that run or start; undefined: not known. */
  of(service: ServiceName): readonly Pod[] | undefined {
    return this.#services.get(keyOf(service))?.pods;
  }

  /** A request is routed to this Service. */
  follow(service: ServiceName): void {
    if (this.#endpoints === undefined || this.#services.has(keyOf(service))) return;
    const followed: Followed = { service, stop: undefined, pods: undefined };
    this.#services.set(keyOf(service), followed);
    followed.stop = this.#endpoints.follow(service, (pods) => {
      const before = this.asleep;
      followed.pods = pods;
      const after = this.asleep;
      this.#asleepTime.changed(this.all === undefined ? undefined : after);
      this.#events.onChange(service);
      if (before || !after) return;
      this.#asleepSince = this.#clock.now();
      this.#events.onWithdrawn();
    });
  }

  close(): void {
    for (const { stop } of this.#services.values()) stop?.();
    this.#services.clear();
  }
}

function keyOf({ name, namespace }: ServiceName): string {
  return `${namespace}/${name}`;
}
