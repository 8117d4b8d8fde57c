import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { runEpisode } from './episode';
import type { Verdict } from './judge';
import { type Mutant, MUTANTS, withMutant } from './mutants';
import { type Schedule, schedules } from './schedule';
import { World } from './world';

const USAGE = `npm run test:faults -- [--seed N] [--minutes M | --episodes N] [--shrink] [--json]

Attacks a gateway node, a real Kong (KONG_BIN, PATH or Docker) or else the demo's, with faults at random, and keeps a ledger of every
request. Ends with 1 if any was lost, let through to a backend that sleeps, answered twice or late, and says which.

  --seed N       the same seed makes the same episodes (default: drawn)
  --minutes M    for so long (default 5)
  --episodes N   so many in place of a time; an episode takes about 15 s
  --shrink       when an episode fails, look for the smallest that does, and end
  --mutants TEXT the same with every mutant whose name has this text, until it is found; each for the time that is given
  --only JSON    one schedule, as a failing run prints it
  --json         the figures as JSON on standard output

Exit: 0 all requests came to something right, 1 one did not, 2 bad arguments.
`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** After so many episodes everything is started anew, with Kubernetes to be seen where it was not. */
const EPISODES_PER_WORLD = 4;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly episodes: number | undefined;
  readonly shrink: boolean;
  readonly json: boolean;
  readonly only: Schedule | undefined;
  readonly mutants: string | undefined;
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
        seed: { type: 'string' },
        minutes: { type: 'string', default: '5' },
        episodes: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        mutants: { type: 'string' },
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
      ...{ shrink: values.shrink, json: values.json, mutants: values.mutants },
      only: values.only === undefined ? undefined : (JSON.parse(values.only) as Schedule),
    };
  } catch (error) {
    say(`test:faults: ${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
};

/** All episodes of a run, in worlds that are used for several of them. */
class Run {
  readonly verdicts: Partial<Record<Verdict, number>> = {};
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
    const { verdicts, wrongs } = await runEpisode(schedule, world);
    this.episodes += 1;
    for (const [verdict, count] of Object.entries(verdicts))
      this.verdicts[verdict as Verdict] = (this.verdicts[verdict as Verdict] ?? 0) + count;
    const faults = schedule.faults.map((fault) => ('way' in fault ? `${fault.kind} ${fault.way}` : fault.kind));
    say(`${this.episodes} [${faults.join(', ')}] ${JSON.stringify(verdicts)}`);
    if (wrongs.length === 0) return true;
    this.wrong += 1;
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
  const missed: Mutant[] = [];
  for (const mutant of wanted) {
    say(`a product that ${mutant.name}`);
    const from = performance.now();
    await withMutant(mutant, async (file) => {
      const run = new Run(file);
      // The first that fails is enough, and its smallest form is of no interest.
      await attack(run, { ...chosen, shrink: true, endOnFailure: true }).finally(() => run.stop());
      const seconds = Math.round((performance.now() - from) / 1000);
      say(`${mutant.name}: ${run.wrong > 0 ? 'found' : 'NOT found'} in ${run.episodes} episodes, ${seconds} s`);
      if (run.wrong === 0) missed.push(mutant);
    });
  }
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
  const run = new Run();
  const from = performance.now();
  say(`seed ${chosen.seed}`);
  try {
    if (chosen.only === undefined) await attack(run, chosen);
    else await run.episode(chosen.only);
  } finally {
    await run.stop();
  }
  const figures = {
    ...{ gateway: run.gateway, seed: chosen.seed, minutes: Math.round((performance.now() - from) / 6000) / 10 },
    ...{ episodes: run.episodes, wrong: run.wrong, verdicts: run.verdicts },
  };
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
