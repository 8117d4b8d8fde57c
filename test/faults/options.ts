import { parseArgs } from 'node:util';
import type { Schedule } from './schedule';

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

export interface Options {
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

/** What was asked for; undefined where that was help, or is wrong: it has been said. */
export const options = (): Options | undefined => {
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
    process.stderr.write(`test:faults: ${(error as Error).message}\n\n${USAGE}\n`);
    process.exitCode = 2;
    return undefined;
  }
};
