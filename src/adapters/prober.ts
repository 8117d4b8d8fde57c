import type { Backend } from '../core/backend';
import type { Clock, ProbeRound, Prober } from '../core/ports';
import type { ProbeResult } from '../core/reports';
import { UNKNOWN_WORKER } from '../core/reports';
import { systemClock } from './clock';
import { ConnectionPool } from './connection-pool';
import { askHealth } from './health-request';
import { healthUrl, type HealthUrl } from './health-url';
import { LaneSearch } from './lane-search';
import type { OwnProbes } from './own-probes';

/** A keep-alive connection, which stays with the nginx worker that accepted it (K27). */
interface Lane {
  readonly pool: ConnectionPool;
  busy: boolean;
}

/** Probes one backend, by default through the gateway, with one lane per nginx worker that has requests waiting. */
export class LaneProber implements Prober {
  readonly #lanes = new Map<number, Lane>();
  readonly #health: HealthUrl;
  /**
   * Whether the last answer had come by the plugin. Where another plugin answers the health path, or it is outside the plugin's
   * route, no worker can be told from another, and looking for their lanes is in vain.
   */
  #comesBy = true;
  #turn = 0;
  #closed = false;
  readonly #ownProbes: OwnProbes;
  readonly #search: LaneSearch;

  constructor(
    backend: Pick<Backend, 'probe' | 'healthPath'>,
    gatewayUrl: string,
    ownProbes: OwnProbes,
    clock: Clock = systemClock,
  ) {
    this.#ownProbes = ownProbes;
    this.#search = new LaneSearch(clock);
    this.#health = healthUrl(backend, gatewayUrl);
  }

  /** Lanes that are kept. */
  get size(): number {
    return this.#lanes.size;
  }

  probe(round: ProbeRound, onResult: (result: ProbeResult) => void): void {
    const lanes = this.#choose(round.workers);
    let open = lanes.length;
    for (const lane of lanes) {
      lane.busy = true;
      void this.#ask(lane, round).then(({ outcome, worker, report }) => {
        open -= 1;
        onResult({ outcome, worker, report, last: open === 0 });
      });
    }
  }

  close(): void {
    this.#closed = true;
    for (const { pool } of this.#lanes.values()) pool.destroy();
    this.#lanes.clear();
  }

  /** Lanes to ask in this round: new ones in search of a waiting worker's, or one that is there. */
  #choose(workers: readonly number[]): Lane[] {
    const findable = this.#health.throughGateway && this.#comesBy;
    const wanted = findable ? workers.filter((worker) => worker !== UNKNOWN_WORKER) : [];
    this.#dropClosed(wanted);
    const more = this.#search.connections(wanted.filter((worker) => !this.#lanes.has(worker)));
    if (more > 0) return Array.from({ length: more }, () => this.#newLane());
    // Where no waiting worker has one, that of another tells at least whether the backend is up.
    const anyWorker = !wanted.some((worker) => this.#lanes.has(worker));
    const lanes = [...this.#lanes].filter(([worker, { busy }]) => !busy && (anyWorker || wanted.includes(worker)));
    this.#turn += 1;
    const lane = lanes[this.#turn % Math.max(1, lanes.length)]?.[1];
    return [lane ?? this.#newLane()];
  }

  /** A connection that the gateway closed leads to its worker no more, which may be gone for good. */
  #dropClosed(wanted: readonly number[]): void {
    for (const [worker, { pool, busy }] of this.#lanes) {
      if (!busy && !pool.isOpen && !wanted.includes(worker)) this.#lanes.delete(worker);
    }
  }

  #newLane(): Lane {
    return { pool: new ConnectionPool(this.#health.url.href, 1), busy: false };
  }

  async #ask(lane: Lane, { host, settings }: ProbeRound): Promise<Omit<ProbeResult, 'last'>> {
    const { url, throughGateway, healthPath, normalPath } = this.#health;
    const ticket = throughGateway ? this.#ownProbes.issue({ path: normalPath, healthPath }) : undefined;
    const hostHeader = settings.host ?? (throughGateway ? host : undefined);
    const result = await askHealth({ url: url.href, settings, host: hostHeader, ticket, pool: lane.pool });
    let met: number | undefined;
    if (ticket !== undefined && 'status' in result.report) {
      met = this.#ownProbes.done(ticket);
      this.#comesBy = met !== undefined;
    } else if (ticket !== undefined) met = this.#ownProbes.giveUp(ticket);
    const worker = met ?? UNKNOWN_WORKER;
    lane.busy = false;
    this.#file(lane, worker);
    return { ...result, worker };
  }

  /** Keeps a lane under the worker it turned out to lead to: a connection that nginx closed may come back on another one. */
  #file(lane: Lane, worker: number): void {
    for (const [known, other] of this.#lanes) if (other === lane && known !== worker) this.#lanes.delete(known);
    const present = this.#lanes.get(worker);
    if (this.#closed || (present !== undefined && present !== lane)) lane.pool.destroy();
    else this.#lanes.set(worker, lane);
  }
}
