import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findPart } from '../../real-parts/find';
import { measureColdBurst } from './cold-burst';
import { measureHeldMemory } from './held-memory';
import { measureManyHeld } from './many-held';
import { measurePaired } from './paired';
import { type Measured, reportOf, toTable } from './report';
import { measureScrape } from './scrape';
import { measureStart } from './start';
import { measureWarm } from './warm';

const USAGE = `npm run bench -- [--json] [--rounds N] [--seconds N] [--quick | --against FILE [--config JSON] [--env JSON]]

Measures on a real Kong 2.8 (KONG_BIN, PATH or Docker), everything side by side in one run. 3 rounds of 4 s by default, about 3
minutes. What needs no Kong is measured without one, too.

  --quick          only what needs no Kong, about a minute
  --against FILE   only warm requests, through this build and through the dist/serverless of another one, in turns; 10 rounds
  --config JSON    fields of the plugin's configuration that only this build gets, such as '{"no_wake":[{"class":"bot"}]}'
  --env JSON       environment variables that only this build's plugin server gets, such as '{"OTEL_TRACES_SAMPLER_ARG":"0.01"}'

Exit: 0 measured, 1 something failed, 2 bad arguments.
`;

interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  /** The file of another build. */
  readonly against: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const positive = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`--${name} wants a whole number from 1, not '${text}'`);
  return value;
};

const options = (): Options | undefined => {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        against: { type: 'string' },
        config: { type: 'string', default: '{}' },
        env: { type: 'string', default: '{}' },
        rounds: { type: 'string' },
        seconds: { type: 'string', default: '4' },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return undefined;
    }
    const { json, quick, against } = values;
    if (quick && against !== undefined) throw new TypeError('--quick runs without Kong, which --against needs');
    return {
      ...{ json, quick, against: against === undefined ? undefined : resolve(against) },
      config: JSON.parse(values.config) as Readonly<Record<string, unknown>>,
      env: JSON.parse(values.env) as Readonly<Record<string, string>>,
      rounds: positive('rounds', values.rounds ?? (against === undefined ? '3' : '10')),
      seconds: positive('seconds', values.seconds),
    };
  } catch (error) {
    say(`bench: ${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
};

const withoutKong = async (): Promise<Measured> => ({
  manyHeld: await measureManyHeld(say),
  scrape: await measureScrape(say),
  start: await measureStart(say),
});

const measure = async ({ quick, against, config, env, rounds, seconds }: Options): Promise<Measured> => {
  const kong = findPart('kong');
  if (against !== undefined) {
    if (kong.how === 'missing') throw new Error(kong.why);
    return { paired: await measurePaired({ against, config, env }, rounds, seconds, say) };
  }
  const measured = await withoutKong();
  if (quick) return measured;
  if (kong.how === 'missing') {
    say(`bench: nothing measured on a real Kong: ${kong.why}`);
    return measured;
  }
  const heldMemory = await measureHeldMemory(say);
  const coldBurst = await measureColdBurst(rounds, say);
  const warm = await measureWarm(rounds, seconds, say);
  return { ...measured, onKong: { warm, coldBurst, heldMemory } };
};

const main = async (): Promise<void> => {
  const chosen = options();
  if (chosen === undefined) return;
  const report = reportOf({ cpus: cpus().length, node: process.versions.node }, await measure(chosen));
  process.stdout.write(chosen.json ? `${JSON.stringify(report, undefined, 2)}\n` : `\n${toTable(report)}`);
};

main().catch((error: unknown) => {
  say(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
});
