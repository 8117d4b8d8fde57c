import type { Pin } from '../core/ports';
import type { ActivationLog } from './activation-log';
import { holdDeadlineMs } from './hold-deadline';
import type { AddressLanes } from './address-lanes';
import type { Arrival, Destination, Hold, Outcome, Wanted } from './arrival';
import type { Origin, Origins } from './origin';
import type { Pods } from './pods';
import type { Publishing } from './publishing';
import type { HeldRequest, Waiters } from './waiters';

export interface HoldsParts {
  readonly waiters: Waiters;
  readonly origins: Origins;
  readonly pods: Pods;
  readonly lanes: AddressLanes;
  /** Its client is gone, or it went on to a pod: the machine has one less that waits. */
  readonly onLeft: (request: HeldRequest) => void;
  readonly log: ActivationLog;
  readonly publishing: Pick<Publishing, 'open'>;
}

/** Holds requests: what is read of each, where it could go, and what it leaves behind when it ends. */
export class Holds {
  readonly #parts: HoldsParts;

  constructor(parts: HoldsParts) {
    this.#parts = parts;
  }

  add({ worker, wakes, backend, trace }: Arrival): Hold {
    const { waiters, origins, lanes, log } = this.#parts;
    const wants = this.#wants(wakes && trace === undefined, backend.probe.url === undefined);
    const origin = origins.joined(wakes ? trace : undefined);
    let one: HeldRequest | undefined;
    let destination: Destination | undefined;
    const left = (): void => {
      origin.left();
      if (one !== undefined && destination !== undefined) lanes.leave(one, destination);
      if (waiters.size === 0) log.abandoned();
    };
    const outcome = new Promise<Outcome>((resolve) => {
      const settle = (end: Outcome): void => {
        left();
        resolve(end);
      };
      one = waiters.add({ worker, wakes, settle }, holdDeadlineMs(backend.policy, log.coldStarts));
    });
    return {
      kind: 'held',
      outcome,
      wants,
      identify: (known) => {
        origin.known(known);
        const service = backend.service ?? known.service;
        if (!wants.route || service === undefined) return;
        this.#parts.pods.follow(service);
        destination = destinationOf(known, service);
        if (destination === undefined || one?.place === undefined) return;
        const pin = lanes.pin(destination);
        if (pin !== undefined) this.#goTo(one, pin);
        else {
          one.destination = destination;
          lanes.join(one, destination);
        }
      },
      leave: (because) => {
        if (one === undefined || !waiters.leave(one, because)) return;
        left();
        this.#parts.onLeft(one);
      },
      wasColdStart: () => one !== undefined && log.wokeFor(one.since),
    };
  }

  /** A pod passed: these go on to those that did. */
  opened(requests: readonly HeldRequest[]): void {
    for (const one of requests) {
      const pin = one.destination && this.#parts.lanes.pin(one.destination);
      if (pin !== undefined) this.#goTo(one, pin);
    }
  }

  #goTo(one: HeldRequest, pin: Pin): void {
    if (!this.#parts.waiters.releaseTo(one, pin)) return;
    this.#parts.log.ready(this.#parts.waiters.size + 1, 'address');
    this.#parts.publishing.open();
    this.#parts.onLeft(one);
  }

  #wants(trace: boolean, throughGateway: boolean): Wanted {
    const { origins, pods } = this.#parts;
    const route = pods.areFollowed && throughGateway;
    return { host: origins.wantsHost || route, trace: trace && origins.wantsTrace, route };
  }
}

/** Where it can be pinned to: a pod has to see the client's Host, as it would without. */
function destinationOf({ host, preservesHost }: Origin, service: Destination['service']): Destination | undefined {
  return preservesHost === true && host !== undefined ? { service, host } : undefined;
}
