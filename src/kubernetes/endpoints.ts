import type { Clock, Endpoints, Logger, OnPods, Pod } from '../core/ports';
import type { ServiceName } from '../core/service-name';
import type { Slice } from './endpoint-slices';
import type { ApiServer } from './service-account';
import { SliceWatch } from './slice-watch';

/** What is known of one namespace, and who wants to know. */
interface Namespace {
  readonly watch: SliceWatch;
  /** Undefined: nothing, yet or any more. */
  slices: ReadonlyMap<string, Slice> | undefined;
  /** By Service. */
  readonly followers: Map<string, Set<OnPods>>;
}

/** Follows Services by the EndpointSlices of their namespaces: one watch for each namespace that somebody asks for. */
export class KubernetesEndpoints implements Endpoints {
  readonly #namespaces = new Map<string, Namespace>();
  readonly #api: ApiServer;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(api: ApiServer, clock: Clock, logger: Logger) {
    this.#api = api;
    this.#clock = clock;
    this.#logger = logger;
  }

  follow({ name, namespace }: ServiceName, onPods: OnPods): () => void {
    const known = this.#namespace(namespace);
    const followers = known.followers.get(name) ?? new Set();
    known.followers.set(name, followers.add(onPods));
    if (known.slices !== undefined) onPods(podsOf(known.slices, name));
    return () => {
      followers.delete(onPods);
      if (followers.size > 0) return;
      known.followers.delete(name);
      if (known.followers.size > 0) return;
      known.watch.stop();
      this.#namespaces.delete(namespace);
    };
  }

  /** By namespace, how its watch fares: `watched`, `beginning`, or why not. */
  status(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#namespaces].map(([namespace, { watch, slices }]) => [
        namespace,
        slices === undefined ? (watch.problem ?? 'beginning') : 'watched',
      ]),
    );
  }

  close(): void {
    for (const { watch } of this.#namespaces.values()) watch.stop();
    this.#namespaces.clear();
  }

  #namespace(namespace: string): Namespace {
    const known = this.#namespaces.get(namespace);
    if (known !== undefined) return known;
    const followers: Namespace['followers'] = new Map();
    const onChange = (slices: ReadonlyMap<string, Slice> | undefined): void => {
      made.slices = slices;
      for (const [service, told] of followers) {
        const pods = slices && podsOf(slices, service);
        for (const tell of told) tell(pods);
      }
    };
    const watch = new SliceWatch({ api: this.#api, namespace, clock: this.#clock, logger: this.#logger, onChange });
    const made: Namespace = { watch, slices: undefined, followers };
    this.#namespaces.set(namespace, made);
    void watch.run();
    return made;
  }
}

/**
 * The pods of a Service; undefined where it has no slice. One that selects pods always has, also without pods; another, such as an
 * ExternalName, is up or down without Kubernetes knowing.
 */
function podsOf(slices: ReadonlyMap<string, Slice>, service: string): readonly Pod[] | undefined {
  const own = [...slices.values()].filter((slice) => slice.service === service);
  return own.length === 0 ? undefined : own.flatMap(({ pods }) => pods);
}
