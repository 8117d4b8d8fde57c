import type { Clock, Endpoints, Logger, ServiceName } from '../core/ports';
import type { Slice } from './endpoint-slices';
import type { ApiServer } from './service-account';
import { SliceWatch } from './slice-watch';

type OnChange = (addresses: readonly string[] | undefined) => void;

/** What is known of one namespace, and who wants to know. */
interface Namespace {
  readonly watch: SliceWatch;
  /** Undefined: nothing, yet or any more. */
  slices: ReadonlyMap<string, Slice> | undefined;
  /** By Service. */
  readonly followers: Map<string, Set<OnChange>>;
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

  follow({ name, namespace }: ServiceName, onChange: OnChange): () => void {
    const known = this.#namespace(namespace);
    const followers = known.followers.get(name) ?? new Set();
    known.followers.set(name, followers.add(onChange));
    if (known.slices !== undefined) onChange(addressesOf(known.slices, name));
    return () => {
      followers.delete(onChange);
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
        const addresses = slices && addressesOf(slices, service);
        for (const tell of told) tell(addresses);
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
 * The addresses of a Service; undefined where it has no slice. One that selects pods always has, also without pods; another, such as an
 * ExternalName, is up or down without Kubernetes knowing.
 */
function addressesOf(slices: ReadonlyMap<string, Slice>, service: string): readonly string[] | undefined {
  const own = [...slices.values()].filter((slice) => slice.service === service);
  return own.length === 0 ? undefined : own.flatMap(({ addresses }) => addresses);
}
