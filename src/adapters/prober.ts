import type { Backend } from '../core/backend';
import type { ProbeRound, Prober } from '../core/ports';
import type { ProbeResult } from '../core/reports';
import { UNKNOWN_WORKER } from '../core/reports';
import { ConnectionPool } from './connection-pool';
import { HttpFailure, request } from './http-client';
import type { OwnProbes } from './own-probes';
import { PROBE_HEADER } from './own-probes';

/** A health answer is drained so that its connection can be used again, but no further than this. */
const MAX_BODY_BYTES = 64 * 1024;
/**
 * Connections opened at once to find the lane of a worker. One after the other would not do: the kernel hands a lone connection
 * to the same idle worker again and again.
 */
const FAN_OUT = 4;

function isTimeout(error: unknown): boolean {
  return error instanceof HttpFailure && error.code === 'ETIMEDOUT';
}

/** A keep-alive connection, which stays with the nginx worker that accepted it (K27). */
interface Lane {
  readonly pool: ConnectionPool;
  busy: boolean;
}

/** Probes one backend, by default through the gateway, with one lane per nginx worker that has requests waiting. */
export class LaneProber implements Prober {
  readonly #lanes = new Map<number, Lane>();
  readonly #url: URL;
  readonly #throughGateway: boolean;
  /**
   * Whether the last answer had come by the plugin. Where another plugin answers the health path, or it is outside the plugin's
   * route, no worker can be told from another, and looking for their lanes is in vain.
   */
  #comesBy = true;
  #misses = 0;
  #turn = 0;
  #closed = false;
  readonly #ownProbes: OwnProbes;

  constructor(backend: Pick<Backend, 'probe' | 'healthPath'>, gatewayUrl: string, ownProbes: OwnProbes) {
    this.#ownProbes = ownProbes;
    const { probe, healthPath = '/' } = backend;
    this.#throughGateway = probe.url === undefined;
    this.#url = new URL(probe.url ?? gatewayUrl.replace(/\/+$/, '') + healthPath);
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

  /** Lanes to ask in this round. Until every waiting worker's lane is known, every other round looks for it. */
  #choose(workers: readonly number[]): Lane[] {
    const findable = this.#throughGateway && this.#comesBy;
    const wanted = findable ? workers.filter((worker) => worker !== UNKNOWN_WORKER) : [];
    const known = [...this.#lanes].filter(
      ([worker, { busy }]) => !busy && (wanted.length === 0 || wanted.includes(worker)),
    );
    if (wanted.some((worker) => !this.#lanes.has(worker))) {
      this.#misses += 1;
      if (this.#misses === 1) return [this.#newLane()];
      if (this.#misses % 2 === 0 || known.length === 0) return Array.from({ length: FAN_OUT }, () => this.#newLane());
    } else this.#misses = 0;
    this.#turn += 1;
    const lane = known[this.#turn % Math.max(1, known.length)]?.[1];
    return [lane ?? this.#newLane()];
  }

  #newLane(): Lane {
    return { pool: new ConnectionPool(this.#url.href, 1), busy: false };
  }

  async #ask(lane: Lane, { host, settings }: ProbeRound): Promise<Omit<ProbeResult, 'last'>> {
    const { timeoutMs, statuses, host: configuredHost } = settings;
    const hostHeader = configuredHost ?? (this.#throughGateway ? host : undefined);
    const ticket = this.#throughGateway ? this.#ownProbes.issue(this.#url.pathname) : undefined;
    let result: Pick<ProbeResult, 'outcome' | 'report'>;
    let met: number | undefined;
    try {
      const { status } = await request({
        method: 'GET',
        url: this.#url.href,
        headers: {
          'User-Agent': 'kong-serverless-probe',
          ...(hostHeader === undefined ? {} : { Host: hostHeader }),
          ...(ticket === undefined ? {} : { [PROBE_HEADER]: ticket }),
        },
        timeoutMs,
        maxBytes: MAX_BODY_BYTES,
        pool: lane.pool,
      });
      result = { outcome: statuses.includes(status) ? 'passed' : 'failed', report: { status } };
      if (ticket !== undefined) {
        met = this.#ownProbes.done(ticket);
        this.#comesBy = met !== undefined;
      }
    } catch (error) {
      const reason = error instanceof HttpFailure ? `${error.code}: ${error.message}` : String(error);
      result = { outcome: isTimeout(error) ? 'timed-out' : 'unanswered', report: { error: reason } };
      if (ticket !== undefined) met = this.#ownProbes.giveUp(ticket);
    }
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
