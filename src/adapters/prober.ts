import type { Backend } from '../core/backend';
import type { Clock, ProbeRound, Prober } from '../core/ports';
import type { ProbeResult } from '../core/reports';
import { UNKNOWN_WORKER } from '../core/reports';
import { systemClock } from './clock';
import type { HealthClient } from './health-client';
import { type GatewayUrls, healthClient, healthUrl, type HealthUrl } from './health-url';
import { LineSearch } from './line-search';
import type { OwnProbes } from './own-probes';

/** A keep-alive connection, which stays with the nginx worker that accepted it (K27). */
interface Line {
  readonly client: HealthClient;
  busy: boolean;
}

/** Probes one backend, by default through the gateway, with one line per nginx worker that has requests waiting. */
export class LineProber implements Prober {
  readonly #lines = new Map<number, Line>();
  readonly #health: HealthUrl;
  /**
   * Whether the last answer had come by the plugin. Where another plugin answers the health path, or it is outside the plugin's
   * route, no worker can be told from another, and looking for their lines is in vain.
   */
  #comesBy = true;
  #turn = 0;
  #closed = false;
  readonly #ownProbes: OwnProbes;
  readonly #search: LineSearch;

  constructor(
    backend: Pick<Backend, 'probe' | 'healthPath'>,
    gateway: GatewayUrls,
    ownProbes: OwnProbes,
    clock: Clock = systemClock,
  ) {
    this.#ownProbes = ownProbes;
    this.#search = new LineSearch(clock);
    this.#health = healthUrl(backend, gateway);
  }

  /** Lines that are kept. */
  get size(): number {
    return this.#lines.size;
  }

  probe(round: ProbeRound, onResult: (result: ProbeResult) => void): void {
    const lines = this.#choose(round.workers);
    let open = lines.length;
    for (const line of lines) {
      line.busy = true;
      void this.#ask(line, round).then(({ outcome, worker, report }) => {
        open -= 1;
        onResult({ outcome, worker, report, last: open === 0 });
      });
    }
  }

  close(): void {
    this.#closed = true;
    for (const { client } of this.#lines.values()) client.destroy();
    this.#lines.clear();
  }

  /** Lines to ask in this round: new ones in search of a waiting worker's, or one that is there. */
  #choose(workers: readonly number[]): Line[] {
    const findable = this.#health.throughGateway && this.#comesBy;
    const wanted = findable ? workers.filter((worker) => worker !== UNKNOWN_WORKER) : [];
    this.#dropClosed(wanted);
    const more = this.#search.connections(wanted.filter((worker) => !this.#lines.has(worker)));
    if (more > 0) return Array.from({ length: more }, () => this.#newLine());
    // Where no waiting worker has one, that of another tells at least whether the backend is up.
    const anyWorker = !wanted.some((worker) => this.#lines.has(worker));
    const lines = [...this.#lines].filter(([worker, { busy }]) => !busy && (anyWorker || wanted.includes(worker)));
    this.#turn += 1;
    const line = lines[this.#turn % Math.max(1, lines.length)]?.[1];
    return [line ?? this.#newLine()];
  }

  /** A connection that the gateway closed leads to its worker no more, which may be gone for good. */
  #dropClosed(wanted: readonly number[]): void {
    for (const [worker, { client, busy }] of this.#lines) {
      if (!busy && !client.isOpen && !wanted.includes(worker)) this.#lines.delete(worker);
    }
  }

  #newLine(): Line {
    return { client: healthClient(this.#health, 1), busy: false };
  }

  async #ask(line: Line, { host, settings }: ProbeRound): Promise<Omit<ProbeResult, 'last'>> {
    const { throughGateway, healthPath, normalPath } = this.#health;
    const ticket = throughGateway ? this.#ownProbes.issue({ path: normalPath, healthPath }) : undefined;
    const hostHeader = settings.host ?? (throughGateway ? host : undefined);
    const result = await line.client.ask({ settings, host: hostHeader, ticket });
    let met: number | undefined;
    if (ticket !== undefined && 'status' in result.report) {
      met = this.#ownProbes.done(ticket);
      this.#comesBy = met !== undefined;
    } else if (ticket !== undefined) met = this.#ownProbes.giveUp(ticket);
    const worker = met ?? UNKNOWN_WORKER;
    line.busy = false;
    this.#file(line, worker);
    return { ...result, worker };
  }

  /** Keeps a line under the worker it turned out to lead to: a connection that nginx closed may come back on another one. */
  #file(line: Line, worker: number): void {
    for (const [known, other] of this.#lines) if (other === line && known !== worker) this.#lines.delete(known);
    const present = this.#lines.get(worker);
    if (this.#closed || (present !== undefined && present !== line)) line.client.destroy();
    else this.#lines.set(worker, line);
  }
}
