import { type ColdBurst, HELD } from './cold-burst';
import type { HeldMemory } from './held-memory';
import { MANY, type ManyHeld, type Total } from './many-held';
import type { Paired } from './paired';
import { BACKENDS, type Scrape } from './scrape';
import type { Start } from './start';
import type { Warm } from './warm';
import { CONNECTIONS, type WarmFigures } from './warm-load';

/** What needs a real Kong. */
export interface OnKong {
  readonly warm: Warm;
  readonly coldBurst: ColdBurst;
  readonly heldMemory: HeldMemory;
}

/** What this run has measured: `onKong` and `paired` only where they were asked for and Kong is there. */
export interface Measured {
  readonly manyHeld?: ManyHeld;
  readonly scrape?: Scrape;
  readonly start?: Start;
  readonly onKong?: OnKong;
  readonly paired?: Paired;
}

export interface Report extends Measured {
  readonly machine: { readonly cpus: number; readonly node: string };
  readonly ratios?: {
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

export const reportOf = (machine: Report['machine'], measured: Measured): Report => {
  const { onKong } = measured;
  const goals = goalsOf(measured);
  if (onKong === undefined) return { machine, ...measured, goals };
  const { warm, coldBurst } = onKong;
  const ratios = {
    warmToNone: warm.serverless.requestsPerSecond / warm.none.requestsPerSecond,
    warmToEmpty: warm.serverless.requestsPerSecond / warm.empty.requestsPerSecond,
    burstAddedMs: coldBurst.releaseP99Ms - coldBurst.plainP99Ms,
  };
  return { machine, ...measured, ratios, goals };
};

const goalsOf = ({ manyHeld, scrape, start, onKong, paired }: Measured): Goal[] => {
  const atMost = (what: string, limit: number, measured: number | undefined, unit: string): Goal[] => {
    if (measured === undefined) return [];
    const rounded = `${Math.round(measured * 10) / 10} ${unit}`;
    return [{ what, limit: `<= ${limit} ${unit}`, measured: rounded, reached: measured <= limit }];
  };
  const burst = onKong?.coldBurst;
  return [
    ...atMost(`${MANY} arrivals at one backend that sleeps`, 150, manyHeld?.arrivals.median, 'ms'),
    ...atMost(`${MANY} clients disconnect`, 150, manyHeld?.leaves.median, 'ms'),
    ...atMost(`stall of the event loop by a scrape of ${BACKENDS} backends`, 20, scrape?.stallMs.median, 'ms'),
    ...atMost('exec until it listens, median', 100, start?.listeningMs.median, 'ms'),
    ...atMost('idle process', 50, start?.idleMb, 'MB'),
    ...atMost(
      `p99 of ${HELD} held after green, beyond the same burst without plugin`,
      150,
      burst && burst.releaseP99Ms - burst.plainP99Ms,
      'ms',
    ),
    ...atMost('probes over 5 s', 60, burst?.probes, 'probes'),
    ...atMost('cold-start messages', 1, burst?.coldStartMessages, 'message'),
    ...atMost('one more held request', 25, onKong?.heldMemory.kbPerHeld, 'kB'),
    ...(paired === undefined
      ? []
      : [
          {
            what: 'warm throughput against the other build, ratio of medians',
            limit: '>= 0.98',
            measured: paired.ratio.toFixed(3),
            reached: paired.ratio >= 0.98,
          },
        ]),
  ];
};

const row = (cells: readonly (string | number)[], widths: readonly number[]): string =>
  cells
    .map((cell, n) => (n === 0 ? String(cell).padEnd(widths[n] ?? 0) : String(cell).padStart(widths[n] ?? 0)))
    .join('  ');

const WIDTHS = [40, 10, 10, 10];

const warmHeader = (): string => row([`warm, ${CONNECTIONS} connections`, 'req/s', 'p50 ms', 'p99 ms'], WIDTHS);

const warmRow = (name: string, figures: WarmFigures): string =>
  row([name, figures.requestsPerSecond.toFixed(0), figures.p50Ms.toFixed(2), figures.p99Ms.toFixed(2)], WIDTHS);

const percent = (ratio: number): string => `${(100 * ratio).toFixed(0)} %`;

const manyHeldSection = (many: ManyHeld): string[] => {
  const total = (name: string, { median, worst }: Total): string =>
    row([name, median.toFixed(0), worst.toFixed(0)], WIDTHS);
  return [
    row([`${MANY} held, without Kong: event loop busy`, 'ms', 'worst'], WIDTHS),
    total('arrivals, state machine alone', many.machineArrivals),
    total('leaves, state machine alone', many.machineLeaves),
    total('arrivals', many.arrivals),
    total('clients disconnect', many.leaves),
    total('released by probes', many.releases),
    total('rejected at the deadline', many.rejections),
    total('bare promises in a Set, for comparison', many.bare),
    `an arrival among ${MANY} costs ${many.growth.toFixed(2)} times what one among ${MANY / 10} costs`,
  ];
};

const scrapeSection = ({ stallMs, ms, megabytes }: Scrape): string[] => [
  `scrape of ${BACKENDS} backends: longest turn of the event loop ${stallMs.median.toFixed(1)} ms ` +
    `(worst ${stallMs.worst.toFixed(1)}), ${ms.toFixed(0)} ms in all for ${megabytes.toFixed(1)} MB`,
];

const startSection = (start: Start): string[] => [
  `server: listens after ${start.listeningMs.median.toFixed(0)} ms (worst of ten ${start.listeningMs.worst.toFixed(0)}; ` +
    `Node that does nothing takes ${start.nodeMs.toFixed(0)}), idle ${start.idleMb.toFixed(0)} MB`,
  `kong-pdk's with an empty plugin: ${start.emptyListeningMs.toFixed(0)} ms, ${start.emptyIdleMb.toFixed(0)} MB`,
];

const onKongSection = ({ warm, coldBurst, heldMemory }: OnKong, { ratios }: Report): string[] => [
  warmHeader(),
  warmRow('no plugin', warm.none),
  warmRow('empty plugin on kong-pdk', warm.empty),
  warmRow('serverless', warm.serverless),
  `serverless: ${percent(ratios?.warmToEmpty ?? NaN)} of the empty plugin's throughput, ` +
    `${percent(ratios?.warmToNone ?? NaN)} of no plugin's`,
  '',
  `cold, ${HELD} held at once for 5 s: ${JSON.stringify(coldBurst.statuses)}`,
  `answered after green: p50 ${coldBurst.releaseP50Ms.toFixed(0)} ms, p99 ${coldBurst.releaseP99Ms.toFixed(0)} ms; ` +
    `the same burst without plugin: p99 ${coldBurst.plainP99Ms.toFixed(0)} ms`,
  `worst round: ${coldBurst.probes} probes, ${coldBurst.coldStartMessages} cold-start and ` +
    `${coldBurst.activityMessages} activity messages`,
  '',
  `${heldMemory.heldMb.toFixed(0)} MB with ${heldMemory.held} held, where one more costs ${heldMemory.kbPerHeld.toFixed(1)} kB`,
];

const pairedSection = ({ against, ours, theirs, ratio, medianPairRatio, pairRatios }: Paired): string[] => [
  warmHeader(),
  warmRow('this build', ours),
  warmRow('the other build', theirs),
  `against ${against}: ratio of medians ${ratio.toFixed(3)}; of ${pairRatios.length} pairs ${medianPairRatio.toFixed(3)} ` +
    `(${Math.min(...pairRatios).toFixed(3)} to ${Math.max(...pairRatios).toFixed(3)})`,
];

/** For people. */
export const toTable = (report: Report): string => {
  const { machine, manyHeld, scrape, start, onKong, paired, goals } = report;
  const sections = [
    manyHeld && manyHeldSection(manyHeld),
    scrape && scrapeSection(scrape),
    start && startSection(start),
    onKong && onKongSection(onKong, report),
    paired && pairedSection(paired),
    goals.map(
      ({ what, limit, measured, reached }) => `${reached ? 'reached' : 'MISSED '}  ${what}: ${measured} (${limit})`,
    ),
  ];
  const text = sections.filter((section) => section !== undefined).map((section) => section.join('\n'));
  return `${[`${machine.cpus} CPUs, Node ${machine.node}, one nginx worker`, ...text].join('\n\n')}\n`;
};
