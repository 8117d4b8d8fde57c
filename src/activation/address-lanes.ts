import type { AddressEvent, AddressLane } from '../core/address-lane';
import { addressesDueAt, NO_ADDRESSES, openAddresses, stepAddresses } from '../core/address-lane';
import type { Backend } from '../core/backend';
import type { AddressAnswer, AddressProber, Clock, Pin, Random } from '../core/ports';
import { podPort, type ServiceName, type ServicePort } from '../core/service-name';
import { earlier } from '../core/schedule';
import type { DistributiveOmit } from '../core/types';
import { Alarm } from './alarm';
import type { Destination } from './arrival';
import { Origins, type WaitingOrigin } from './origin';
import type { Pods } from './pods';
import type { HeldRequest } from './waiters';

export interface AddressLanesParts {
  /** What holds for the backend now. */
  readonly backend: () => Pick<Backend, 'probe' | 'policy'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: AddressProber;
  readonly pods: Pods;
  readonly onAnswer: (answer: AddressAnswer) => void;
  /** These may go on, each to its own pin. */
  readonly onOpen: (requests: readonly HeldRequest[]) => void;
}

/** The Hosts of those who wait are what a pod is probed with, unless the configuration names one, which is looked at first. */
const ANY_HOST = (): { host: undefined; url: undefined } => ({ host: undefined, url: undefined });

/** One Service at one port. */
interface Place {
  readonly service: ServicePort;
  lane: AddressLane;
  /** Who waits to go there. */
  readonly waiting: Map<HeldRequest, WaitingOrigin>;
  /** Whose Host it is probed with. */
  readonly origins: Origins;
  turn: number;
}

/**
 * The fast lane: lets requests go to the pods that passed a probe at their own address, before Kubernetes calls them Ready, the ingress
 * controller has told Kong, and every nginx worker has followed (ADR 9). A request is pinned only to a pod of the Service that Kong
 * routes it to.
 */
export class AddressLanes {
  readonly #parts: AddressLanesParts;
  readonly #places = new Map<string, Place>();
  readonly #alarm: Alarm;
  #closed = false;

  constructor(parts: AddressLanesParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock, () => {
      for (const place of this.#places.values()) this.#step(place, { type: 'tick' });
      this.#arm();
    });
  }

  /** Whether a pod passed a probe at its address, and is still there. */
  get isOpen(): boolean {
    const now = this.#parts.clock.now();
    for (const { lane } of this.#places.values()) if (openAddresses(lane, now).length > 0) return true;
    return false;
  }

  /** Addresses that requests may be pinned to. */
  get open(): string[] {
    const now = this.#parts.clock.now();
    return [...this.#places.values()].flatMap(({ lane }) => openAddresses(lane, now));
  }

  /** Where a request to this destination may go at once; undefined: nowhere yet. */
  pin({ service, host }: Destination): Pin | undefined {
    const place = this.#placeOf(service);
    const open = openAddresses(place.lane, this.#parts.clock.now());
    place.turn += 1;
    const address = open[place.turn % Math.max(1, open.length)];
    if (address === undefined) return undefined;
    this.#step(place, { type: 'used', address });
    return pinTo(address, host);
  }

  /** A request waits that is to go there. */
  join(request: HeldRequest, { service, host }: Destination): void {
    const place = this.#placeOf(service);
    const origin = place.origins.joined();
    origin.known({ host, traceparent: undefined });
    place.waiting.set(request, origin);
    if (place.waiting.size > 1) return;
    this.#step(place, { type: 'tick' });
    this.#arm();
  }

  /** It waits no more. */
  leave(request: HeldRequest, { service }: Destination): void {
    const place = this.#placeOf(service);
    const origin = place.waiting.get(request);
    if (origin === undefined) return;
    place.waiting.delete(request);
    origin.left();
    if (place.waiting.size === 0) this.#arm();
  }

  /** The pods of a Service changed. */
  changed(service: ServiceName): void {
    for (const place of this.#places.values()) {
      if (place.service.name === service.name && place.service.namespace === service.namespace) this.#look(place);
    }
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#alarm.set(undefined);
    this.#parts.prober.close();
  }

  #placeOf(service: ServicePort): Place {
    const key = `${service.namespace}/${service.name}:${service.port ?? ''}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place: Place = { service, lane: NO_ADDRESSES, waiting: new Map(), origins: new Origins(ANY_HOST), turn: 0 };
    this.#places.set(key, place);
    this.#look(place);
    return place;
  }

  #look(place: Place): void {
    const pods = this.#parts.pods.of(place.service) ?? [];
    const addresses = pods.flatMap(({ address, ports }) => {
      const port = podPort(ports, place.service.port);
      // Kong takes an IPv6 address in a form of its own: such a pod is reached as without this lane.
      return port === undefined || address.includes(':') ? [] : [`${address}:${port}`];
    });
    this.#step(place, { type: 'seen', addresses });
  }

  #step(place: Place, happening: DistributiveOmit<AddressEvent, 'now' | 'jitter'>): void {
    if (this.#closed) return;
    const { clock, random, backend } = this.#parts;
    const event = { ...happening, now: clock.now(), jitter: random() * 2 - 1 };
    const [lane, ask] = stepAddresses(place.lane, event, place.waiting.size > 0, backend().policy);
    place.lane = lane;
    for (const address of ask) this.#ask(place, address);
  }

  #ask(place: Place, address: string): void {
    const { backend, clock, prober, onAnswer } = this.#parts;
    const askedAt = clock.now();
    const { probe } = backend();
    const { origins } = place;
    const host = probe.host ?? origins.next() ?? address;
    void prober.probe(pinTo(address, host), place.service, probe).then((answer) => {
      if (this.#closed) return;
      if (answer.outcome !== 'closed') onAnswer(answer);
      // Whoever comes once it is open is pinned and does not wait, so from now on it is this one's that tells (ADR 7).
      if (answer.outcome === 'passed') origins.passed(host);
      this.#step(place, { type: 'answered', address, outcome: answer.outcome, askedAt });
      if (openAddresses(place.lane, clock.now()).length > 0 && place.waiting.size > 0)
        this.#parts.onOpen([...place.waiting.keys()]);
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#closed) return;
    let due: number | undefined;
    for (const { lane, waiting } of this.#places.values()) due = earlier(due, addressesDueAt(lane, waiting.size > 0));
    this.#alarm.set(due);
  }
}

function pinTo(address: string, host: string): Pin {
  const colon = address.lastIndexOf(':');
  return { address: address.slice(0, colon), port: Number(address.slice(colon + 1)), host };
}
