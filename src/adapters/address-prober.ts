import type { Backend, ProbeSettings } from '../core/backend';
import type { AddressAnswer, AddressProber, Pin } from '../core/ports';
import type { ServicePort } from '../core/service-name';
import type { HealthClient } from './health-client';
import { type GatewayUrls, healthClient, healthUrl, type HealthUrl } from './health-url';
import type { OwnProbes } from './own-probes';

/** Connections to the gateway for pinned probes, of one backend. */
const MOST_CONNECTIONS = 8;
/** How long a pod may take to accept a connection, milliseconds: within a cluster it takes less than one, or is not there yet. */
const CONNECT_MS = 1000;

/**
 * Probes pods by their addresses. Whether anything listens is found out by a bare connection, which costs next to nothing; only then a
 * probe goes through the gateway, pinned to the address. The gateway would log each of its own attempts, and make several of one (K28).
 */
export class PinnedProber implements AddressProber {
  readonly #health: HealthUrl;
  readonly #ownProbes: OwnProbes;
  readonly #client: HealthClient;

  constructor(backend: Pick<Backend, 'probe' | 'healthPath'>, gateway: GatewayUrls, ownProbes: OwnProbes) {
    this.#health = healthUrl(backend, gateway);
    this.#ownProbes = ownProbes;
    this.#client = healthClient(this.#health, MOST_CONNECTIONS);
  }

  async probe(pin: Pin, service: ServicePort, settings: ProbeSettings): Promise<AddressAnswer> {
    if (!(await accepts(pin))) return { outcome: 'closed', report: undefined };
    const { healthPath, normalPath } = this.#health;
    const ticket = this.#ownProbes.issue({ path: normalPath, healthPath, pinned: { pin, service } });
    const answer = await this.#client.ask({ settings, host: pin.host, ticket });
    const met = 'status' in answer.report ? this.#ownProbes.done(ticket) : this.#ownProbes.giveUp(ticket);
    // Whoever answered, it was not asked at this address: another route took the probe, or another plugin answered it.
    if (met === undefined && answer.outcome !== 'timed-out') return { ...answer, outcome: 'unanswered' };
    return answer;
  }

  close(): void {
    this.#client.destroy();
  }
}

/** Whether something accepts connections there. */
async function accepts({ address, port }: Pin): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(CONNECT_MS);
    socket.on('connect', () => {
      end(true);
    });
    socket.on('timeout', () => {
      end(false);
    });
    socket.on('error', () => {
      end(false);
    });
  });
}
