import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { type Episode, runEpisode } from './episode';
import type { Verdict } from './judge';
import { MUTANTS, withMutant } from './mutants';
import { type Figures, faultsTable, type Hunt, mutantsTable, soakTable, writeSection } from './report';
import { type Fault, type Schedule, schedules } from './schedule';
import { FULL, growth, soak } from './soak';
import { World } from './world';

const USAGE = `npm run test:faults -- [--fixed | --seed N] [--minutes M | --episodes N] [--shrink] [--json]

Attacks a gateway node, a real Kong (KONG_BIN, PATH or Docker) or else the demo's, with faults at random, and keeps a ledger of every
request. Ends with 1 if any was lost, let through to a backend that sleeps, answered twice or late, and says which.

  --fixed        a fixed set of seeds, in three to five minutes: what CI runs
  --seed N       the same seed makes the same episodes (default: drawn)
  --minutes M    for so long (default 5)
  --episodes N   so many in place of a time; an episode takes about 15 s
  --shrink       when an episode fails, look for the smallest that does, and end
  --mutants TEXT the same with every mutant whose name has this text, until it is found; each for the time that is given
  --soak         in place of faults: 1,000,000 warm requests, 100,000 rejected ones and 500 cold starts, on a real Kong
  --write-docs   the figures go into docs/reliability.md
  --only JSON    one schedule, as a failing run prints it
  --json         the figures as JSON on standard output

Exit: 0 all requests came to something right, 1 one did not, 2 bad arguments.
`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** After so many episodes everything is started anew, with Kubernetes to be seen where it was not. */
const EPISODES_PER_WORLD = 4;

/** Whatever was found once is in here, too: seeds and how many of their episodes. */
const FIXED = [
  [1, 4],
  [7, 4],
  [100, 4],
] as const;

interface Options {
  readonly fixed: boolean;
  readonly seed: number;
  readonly minutes: number;
  readonly episodes: number | undefined;
  readonly shrink: boolean;
  readonly json: boolean;
  readonly only: Schedule | undefined;
  readonly mutants: string | undefined;
  readonly soak: boolean;
  readonly writeDocs: boolean;
}

const number = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new TypeError(`--${name} wants a number from 0, not '${text}'`);
  return value;
};

const options = (): Options | undefined => {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        fixed: { type: 'boolean', default: false },
        seed: { type: 'string' },
        minutes: { type: 'string', default: '5' },
        episodes: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        mutants: { type: 'string' },
        soak: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return undefined;
    }
    return {
      seed: number('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31))),
      minutes: number('minutes', values.minutes),
      episodes: values.episodes === undefined ? undefined : number('episodes', values.episodes),
      ...{
        fixed: values.fixed,
        shrink: values.shrink,
        json: values.json,
        mutants: values.mutants,
        soak: values.soak,
        writeDocs: values['write-docs'],
      },
      only: values.only === undefined ? undefined : (JSON.parse(values.only) as Schedule),
    };
  } catch (error) {
    say(`test:faults: ${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
};

/** What cannot be run to its end is wrong, too. */
const notRun = (error: unknown): Episode => ({
  verdicts: {},
  wrongs: [`not run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
});

const nameOf = (fault: Fault): string => {
  if ('way' in fault) return `${fault.kind} ${fault.way}`;
  return fault.kind === 'server' ? `server ${fault.how}, the next one’s log: ${fault.log}` : fault.kind;
};

const add = (to: Partial<Record<Verdict, number>>, counts: Readonly<Partial<Record<Verdict, number>>>): void => {
  for (const [verdict, count] of Object.entries(counts) as [Verdict, number][])
    to[verdict] = (to[verdict] ?? 0) + count;
};

/** All episodes of a run, in worlds that are used for several of them. */
class Run {
  readonly verdicts: Partial<Record<Verdict, number>> = {};
  readonly byFault: Record<string, { episodes: number; verdicts: Partial<Record<Verdict, number>> }> = {};
  /** In which ways it was wrong. */
  readonly wrongs = new Set<string>();
  episodes = 0;
  wrong = 0;
  gateway = '';
  #world: World | undefined;
  #left = 0;
  #seesKubernetes = false;
  readonly #file: string | undefined;

  /** @param file another build of the plugin server than `dist/serverless` */
  constructor(file?: string) {
    this.#file = file;
  }

  /** Runs one; true where nothing was wrong. */
  async episode(schedule: Schedule): Promise<boolean> {
    const world = await this.#aWorld();
    const { verdicts, wrongs } = await runEpisode(schedule, world).catch(notRun);
    this.episodes += 1;
    const faults = schedule.faults.map(nameOf);
    add(this.verdicts, verdicts);
    for (const name of new Set(faults)) {
      const one = (this.byFault[name] ??= { episodes: 0, verdicts: {} });
      one.episodes += 1;
      add(one.verdicts, verdicts);
    }
    say(`${this.episodes} [${faults.join(', ')}] ${JSON.stringify(verdicts)}`);
    if (wrongs.length === 0) return true;
    this.wrong += 1;
    for (const wrong of wrongs) this.wrongs.add(wrong.slice(0, wrong.indexOf(':')));
    for (const wrong of wrongs.slice(0, 6)) say(wrong);
    say(`of ${wrongs.length} in: --only '${JSON.stringify(schedule)}'`);
    // What is wrong now must not be blamed on the next one.
    await this.stop();
    return false;
  }

  async stop(): Promise<void> {
    const world = this.#world;
    this.#world = undefined;
    await world?.stop();
  }

  async #aWorld(): Promise<World> {
    if (this.#left === 0) {
      await this.stop();
      this.#left = EPISODES_PER_WORLD;
      this.#seesKubernetes = !this.#seesKubernetes;
    }
    this.#left -= 1;
    if (this.#world === undefined) {
      this.#world = await World.start(this.#seesKubernetes, this.#file);
      this.gateway = this.#world.gateway.description;
      say(`${this.gateway}${this.#seesKubernetes ? ', pods are seen' : ''}`);
    }
    return this.#world;
  }
}

const attack = async (
  run: Run,
  { seed, minutes, episodes, shrink, endOnFailure = false }: Options & { readonly endOnFailure?: boolean },
): Promise<void> => {
  const limit = episodes === undefined ? { interruptAfterTimeLimit: minutes * 60_000 } : {};
  const details = await fc.check(
    // Without shrinking, one that fails is no reason not to look for more.
    fc.asyncProperty(schedules, async (schedule) => (await run.episode(schedule)) || !shrink),
    { seed, numRuns: episodes ?? Number.MAX_SAFE_INTEGER, endOnFailure, ...limit },
  );
  if (details.failed && details.counterexample !== null)
    say(`the smallest that fails: --only '${JSON.stringify(details.counterexample[0])}'`);
};

/** Attacks each mutant until it is found. True where all of them were. */
const findMutants = async (text: string, chosen: Options): Promise<boolean> => {
  const wanted = MUTANTS.filter(({ name }) => name.includes(text));
  const found: Hunt[] = [];
  for (const mutant of wanted) {
    say(`a product that ${mutant.name}`);
    const from = performance.now();
    await withMutant(mutant, async (file) => {
      const run = new Run(file);
      // The first that fails is enough, and its smallest form is of no interest.
      await attack(run, { ...chosen, shrink: true, endOnFailure: true }).finally(() => run.stop());
      const seconds = Math.round((performance.now() - from) / 1000);
      found.push({ name: mutant.name, found: run.wrong > 0, episodes: run.episodes, seconds, as: run.wrongs });
      say(`${mutant.name}: ${run.wrong > 0 ? 'found' : 'NOT found'} in ${run.episodes} episodes, ${seconds} s`);
    });
  }
  if (chosen.writeDocs) writeSection('mutants', mutantsTable(found));
  const missed = found.filter((one) => !one.found);
  say(`${wanted.length - missed.length} of ${wanted.length} mutants were found`);
  return missed.length === 0 && wanted.length > 0;
};

const main = async (): Promise<void> => {
  const chosen = options();
  if (chosen === undefined) return;
  if (chosen.mutants !== undefined) {
    if (!(await findMutants(chosen.mutants, chosen))) process.exitCode = 1;
    return;
  }
  if (chosen.soak) {
    const samples = await soak(FULL, say);
    const grown = growth(samples);
    if (chosen.writeDocs) writeSection('soak', soakTable(samples));
    process.stdout.write(`${JSON.stringify({ samples, grown }, undefined, 2)}\n`);
    if (grown.length > 0) process.exitCode = 1;
    return;
  }
  const run = new Run();
  const from = performance.now();
  say(chosen.fixed ? `seeds ${FIXED.map(([seed]) => seed).join(', ')}` : `seed ${chosen.seed}`);
  try {
    if (chosen.only !== undefined) await run.episode(chosen.only);
    else if (chosen.fixed) for (const [seed, episodes] of FIXED) await attack(run, { ...chosen, seed, episodes });
    else await attack(run, chosen);
  } finally {
    await run.stop();
  }
  const figures: Figures = {
    ...{
      gateway: run.gateway,
      ...(chosen.fixed ? {} : { seed: chosen.seed }),
      minutes: Math.round((performance.now() - from) / 6000) / 10,
    },
    ...{ episodes: run.episodes, wrong: run.wrong, verdicts: run.verdicts, byFault: run.byFault },
  };
  if (chosen.writeDocs) writeSection('faults', faultsTable(figures));
  process.stdout.write(`${JSON.stringify(figures, undefined, chosen.json ? 2 : 0)}\n`);
  if (run.wrong > 0) process.exitCode = 1;
};

main().then(
  () => process.exit(),
  (error: unknown) => {
    say(`test:faults: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(1);
  },
);
