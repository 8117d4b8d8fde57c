import type { Clock, Pin } from '../core/ports';
import { serviceOfHost, type ServicePort } from '../core/service-name';
import type { Kong } from '../kong/contract';

/** How old what is known of a route may be for the next request of it, milliseconds: a push takes longer to reach all workers (K27). */
const FRESH_MS = 1000;

/** What Kong would do with a request, as far as it can be pinned to a pod in its place. */
export interface RouteFacts {
  /** The Kubernetes Service that it is routed to; undefined where Kong's configuration does not name one. */
  readonly service: ServicePort | undefined;
  /** The backend sees the client's Host. */
  readonly preservesHost: boolean;
}

/** Reads what Kong would do with a request. Where an instance is of one route only, once for all that come together. */
export class RouteReader {
  readonly #clock: Clock;
  readonly #ofOneRoute: boolean;
  #known: { readonly at: number; readonly facts: RouteFacts } | undefined;

  constructor(ofOneRoute: boolean, clock: Clock) {
    this.#ofOneRoute = ofOneRoute;
    this.#clock = clock;
  }

  async read(kong: Kong): Promise<RouteFacts> {
    const known = this.#ofOneRoute ? this.#known : undefined;
    if (known !== undefined && this.#clock.now() < known.at + FRESH_MS) return known.facts;
    const service = (await kong.router.get_service()) as { readonly host?: unknown } | null | undefined;
    const route = (await kong.router.get_route()) as { readonly preserve_host?: unknown } | null | undefined;
    const facts = {
      service: typeof service?.host === 'string' ? serviceOfHost(service.host) : undefined,
      preservesHost: route?.preserve_host === true,
    };
    this.#known = { at: this.#clock.now(), facts };
    return facts;
  }
}

/** Sends a request to one pod. Kong forgets the client's Host with it (K28), so that comes after. */
export async function sendTo(kong: Kong, { address, port, host }: Pin): Promise<void> {
  await kong.service.set_target(address, port);
  await kong.service.request.set_header('Host', host);
}

/** Whether two name the same port of the same Service. */
export function isSameService(one: ServicePort | undefined, other: ServicePort): boolean {
  return one?.name === other.name && one.namespace === other.namespace && one.port === other.port;
}
