import type { ColdBurst } from './cold-burst';
import { HELD } from './cold-burst';
import type { Footprint } from './footprint';
import type { Warm, WarmFigures } from './warm';
import { CONNECTIONS } from './warm';

export interface Report {
  readonly machine: { readonly cpus: number; readonly node: string };
  readonly warm: Warm;
  readonly coldBurst: ColdBurst;
  readonly footprint: Footprint;
  readonly ratios: {
    /** Throughput of a warm route with our plugin against one without, and against an empty kong-pdk plugin. */
    readonly warmToNone: number;
    readonly warmToEmpty: number;
    /** What holding adds to the same burst's p99, ms. */
    readonly burstAddedMs: number;
  };
  /** The goals that were set, and whether this run reached them. */
  readonly goals: readonly Goal[];
}

export interface Goal {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly reached: boolean;
}

export const goalsOf = (burst: ColdBurst, { listeningMs, idleMb, kbPerHeld }: Footprint): Goal[] => {
  const atMost = (what: string, limit: number, measured: number, unit: string): Goal => ({
    what,
    limit: `<= ${limit} ${unit}`,
    measured: `${Math.round(measured * 10) / 10} ${unit}`,
    reached: measured <= limit,
  });
  return [
    atMost(
      `p99 of ${HELD} held after green, beyond the same burst without plugin`,
      150,
      burst.releaseP99Ms - burst.plainP99Ms,
      'ms',
    ),
    atMost('probes over 5 s', 60, burst.probes, 'probes'),
    atMost('cold-start messages', 1, burst.coldStartMessages, 'message'),
    atMost('exec until it listens, median', 100, listeningMs.median, 'ms'),
    atMost('idle process', 50, idleMb, 'MB'),
    atMost('one more held request', 25, kbPerHeld, 'kB'),
  ];
};

const row = (cells: readonly (string | number)[], widths: readonly number[]): string =>
  cells
    .map((cell, n) => (n === 0 ? String(cell).padEnd(widths[n] ?? 0) : String(cell).padStart(widths[n] ?? 0)))
    .join('  ');

/** For people. */
export const toTable = ({ machine, warm, coldBurst, footprint, ratios, goals }: Report): string => {
  const widths = [40, 10, 10, 10];
  const warmRow = (name: string, figures: WarmFigures): string =>
    row([name, figures.requestsPerSecond.toFixed(0), figures.p50Ms.toFixed(2), figures.p99Ms.toFixed(2)], widths);
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(0)} %`;
  return [
    `${machine.cpus} CPUs, Node ${machine.node}, one nginx worker`,
    '',
    row([`warm, ${CONNECTIONS} connections`, 'req/s', 'p50 ms', 'p99 ms'], widths),
    warmRow('no plugin', warm.none),
    warmRow('empty plugin on kong-pdk', warm.empty),
    warmRow('serverless', warm.serverless),
    `serverless: ${percent(ratios.warmToEmpty)} of the empty plugin's throughput, ${percent(ratios.warmToNone)} of no plugin's`,
    '',
    `cold, ${HELD} held at once for 5 s: ${JSON.stringify(coldBurst.statuses)}`,
    `answered after green: p50 ${coldBurst.releaseP50Ms.toFixed(0)} ms, p99 ${coldBurst.releaseP99Ms.toFixed(0)} ms; ` +
      `the same burst without plugin: p99 ${coldBurst.plainP99Ms.toFixed(0)} ms`,
    `worst round: ${coldBurst.probes} probes, ${coldBurst.coldStartMessages} cold-start and ` +
      `${coldBurst.activityMessages} activity messages`,
    '',
    `server: listens after ${footprint.listeningMs.median.toFixed(0)} ms (worst of ten ${footprint.listeningMs.worst.toFixed(0)}; ` +
      `Node that does nothing takes ${footprint.nodeMs.toFixed(0)}), ` +
      `idle ${footprint.idleMb.toFixed(0)} MB, ${footprint.heldMb.toFixed(0)} MB with ${footprint.held} held, ` +
      `where one more costs ${footprint.kbPerHeld.toFixed(1)} kB`,
    `kong-pdk's with an empty plugin: ${footprint.emptyListeningMs.toFixed(0)} ms, ${footprint.emptyIdleMb.toFixed(0)} MB`,
    '',
    ...goals.map(
      ({ what, limit, measured, reached }) => `${reached ? 'reached' : 'MISSED '}  ${what}: ${measured} (${limit})`,
    ),
    '',
  ].join('\n');
};
