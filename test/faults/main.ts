import * as fc from 'fast-check';
import { writeSection } from '../support/page-section';
import { MUTANTS, withMutant } from './mutants';
import { options, type Options } from './options';
import { type Figures, faultsTable, type Hunt, mutantsTable, soakTable } from './report';
import { Run } from './run';
import { schedules } from './schedule';
import { FULL, growth, soak } from './soak';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Where the figures go. */
const PAGE = 'docs/reliability.md';
/** More than a week has. */
const MOST_EPISODES = 50_000;

/** What CI runs: seeds, and how many of their episodes. */
const FIXED = [
  [1, 4],
  [7, 4],
  [100, 4],
] as const;

const attack = async (
  run: Run,
  { seed, minutes, episodes, shrink, endOnFailure = false }: Options & { readonly endOnFailure?: boolean },
): Promise<void> => {
  const until = episodes === undefined ? performance.now() + minutes * 60_000 : Infinity;
  const details = await fc.check(
    fc.asyncProperty(schedules, async (schedule) => {
      // fast-check would interrupt an episode, and leave it half judged.
      if (performance.now() > until) return true;
      // Without shrinking, one that fails is no reason not to look for more.
      return (await run.episode(schedule)) || !shrink;
    }),
    { seed, numRuns: episodes ?? MOST_EPISODES, endOnFailure },
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
      const run = new Run(say, file);
      // The first that fails is enough, and its smallest form is of no interest.
      await attack(run, { ...chosen, shrink: true, endOnFailure: true }).finally(() => run.stop());
      const seconds = Math.round((performance.now() - from) / 1000);
      found.push({ name: mutant.name, found: run.wrong > 0, episodes: run.episodes, seconds, as: run.wrongs });
      say(`${mutant.name}: ${run.wrong > 0 ? 'found' : 'NOT found'} in ${run.episodes} episodes, ${seconds} s`);
    });
  }
  if (chosen.writeDocs) writeSection(PAGE, 'mutants', mutantsTable(found));
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
    if (chosen.writeDocs) writeSection(PAGE, 'soak', soakTable(samples));
    process.stdout.write(`${JSON.stringify({ samples, grown }, undefined, 2)}\n`);
    if (grown.length > 0) process.exitCode = 1;
    return;
  }
  const run = new Run(say);
  say(chosen.fixed ? `seeds ${FIXED.map(([seed]) => seed).join(', ')}` : `seed ${chosen.seed}`);
  try {
    if (chosen.only !== undefined) await run.episode(chosen.only);
    else if (chosen.fixed) for (const [seed, episodes] of FIXED) await attack(run, { ...chosen, seed, episodes });
    else await attack(run, chosen);
  } finally {
    await run.stop();
  }
  const figures: Figures = { ...run.figures, ...(chosen.fixed ? {} : { seed: chosen.seed }) };
  if (chosen.writeDocs) writeSection(PAGE, 'faults', faultsTable(figures));
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
