import { sleep, until } from '../../real-parts/wait';
import { make } from './faults';
import { isWrong, judge, type Verdict } from './judge';
import { type Entry, NO_ANSWER } from './ledger';
import { BACKENDS, HOLD_MS, type Schedule } from './schedule';
import { storyOf } from './story';
import { TrafficRun } from './traffic';
import type { World } from './world';

/** Two wake-ups that are so near to each other are one too many, milliseconds. */
const TWICE_MS = 200;
/** After all faults every backend answers within this time, milliseconds. */
const WELL_AGAIN_MS = 15_000;

export interface Episode {
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  /** What was wrong: a verdict or `hung`, a colon, and the story. */
  readonly wrongs: readonly string[];
  /** An nginx worker is of no use any more (K7). */
  readonly isSpinning: boolean;
}

let episodes = 0;

/** Runs one schedule: its traffic and its faults, until everything has ended, and judges every request. */
export async function runEpisode(schedule: Schedule, world: World): Promise<Episode> {
  const prefix = `e${(episodes += 1)}`;
  const traffic = new TrafficRun(world, prefix);
  const startedAt = performance.now();
  world.bootMs = schedule.bootMs;
  const wrongs: string[] = [];
  let isSpinning: boolean;
  try {
    const faults = schedule.faults.map(async (fault) => {
      await sleep(fault.at);
      await make(fault, world);
    });
    await Promise.all([traffic.run(schedule), ...faults]);
    if (!(await world.isQuiet())) wrongs.push('hung: requests are counted as held although every one has ended');
    const ill = await unwell(traffic);
    const isAny = ill.length > 0 || traffic.entries.some(({ end }) => end?.kind === 'broken' && end.why === NO_ANSWER);
    isSpinning = isAny && (await world.gateway.isSpinning());
    // With a worker that spins, none of its backends can answer: what it had is counted apart.
    if (!isSpinning) wrongs.push(...ill);
  } finally {
    traffic.close();
  }
  await takeLog(world);
  const { verdicts, wrong } = verdictsOf(traffic.entries, world, isSpinning);
  wrongs.push(...wrong.map(([entry, verdict]) => `${verdict}: ${storyOf(entry, world, startedAt)}`));
  wrongs.push(...publishedTwice(world, startedAt));
  // Asked for in any case, so that it begins anew with the next one.
  const log = await world.gateway.errorLog();
  if (wrongs.length > 0) wrongs.push(`Kong’s log: ${log.slice(-6000)}`);
  world.ledger.entries.clear();
  return { verdicts, wrongs, isSpinning };
}

/** The backends that do not answer although nothing is wrong any more. */
async function unwell(traffic: TrafficRun): Promise<string[]> {
  const asked = await Promise.all(
    BACKENDS.map((backend) =>
      until(
        `/${backend} answers`,
        async () => {
          const { end } = await traffic.ask(backend);
          return end?.kind === 'answer' && end.status === 200;
        },
        { timeoutMs: WELL_AGAIN_MS, everyMs: HOLD_MS / 10 },
      )
        .then(() => undefined)
        .catch((error: unknown) => `hung: ${String(error)}`),
    ),
  );
  return asked.filter((one) => one !== undefined);
}

/** Two wake-ups of one backend at once, but by two plugin servers that came one after the other. */
function publishedTwice({ published, incidents }: World, startedAt: number): string[] {
  const wakeUps = published.filter(({ reason }) => reason === 'cold-start');
  return wakeUps.flatMap(({ topic, at }, n) => {
    const before = wakeUps.slice(0, n).findLast((one) => one.topic === topic);
    if (before === undefined || at < startedAt || at - before.at > TWICE_MS) return [];
    const isSucceeded = incidents.some(
      ({ kind, from, to }) => kind.startsWith('server-') && from <= at && to >= before.at,
    );
    return isSucceeded ? [] : [`twice: /${topic} was woken twice within ${Math.round(at - before.at)} ms`];
  });
}

/** Adds the gateway's log to the ledger. Its last lines come a moment later. */
async function takeLog({ gateway, ledger }: World): Promise<void> {
  await sleep(200);
  for (const { id, ...line } of await gateway.log()) ledger.entries.get(id)?.logged.push(line);
}

function verdictsOf(
  entries: readonly Entry[],
  world: World,
  isSpinning: boolean,
): { readonly verdicts: Episode['verdicts']; readonly wrong: readonly (readonly [Entry, Verdict])[] } {
  const verdicts: Partial<Record<Verdict, number>> = {};
  const wrong: [Entry, Verdict][] = [];
  const available = new Map([...world.pods.keys()].map((name) => [name, world.cluster.available(name)]));
  for (const entry of entries) {
    const verdict = judge(entry, {
      available: (name) => available.get(name) ?? world.cluster.available(name),
      ...{ incidents: world.incidents, isSpinning, leaseMs: world.trustMs },
    });
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (isWrong(verdict)) wrong.push([entry, verdict]);
  }
  return { verdicts, wrong };
}
