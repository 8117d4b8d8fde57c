import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { findPart } from '../../real-parts/find';
import { measureColdBurst } from './cold-burst';
import { measureFootprint } from './footprint';
import { goalsOf, type Report, toTable } from './report';
import { measureWarm } from './warm';

const USAGE = `npm run bench -- [--json] [--rounds N] [--seconds N]

Measures on a real Kong 2.8 (KONG_BIN, PATH or Docker), everything side by side in one run. 3 rounds of 4 s by default, about 2
minutes. Exit: 0 measured (or no Kong found: it says so), 1 something failed, 2 bad arguments.
`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const positive = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`--${name} wants a whole number from 1, not '${text}'`);
  return value;
};

const options = (): { json: boolean; rounds: number; seconds: number } | undefined => {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '4' },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return undefined;
    }
    return {
      json: values.json,
      rounds: positive('rounds', values.rounds),
      seconds: positive('seconds', values.seconds),
    };
  } catch (error) {
    say(`bench: ${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
};

const main = async (): Promise<void> => {
  const chosen = options();
  if (chosen === undefined) return;
  const kong = findPart('kong');
  if (kong.how === 'missing') {
    say(`bench: nothing measured: ${kong.why}`);
    return;
  }
  const footprint = await measureFootprint(say);
  const coldBurst = await measureColdBurst(chosen.rounds, say);
  const warm = await measureWarm(chosen.rounds, chosen.seconds, say);
  const report: Report = {
    machine: { cpus: cpus().length, node: process.versions.node },
    warm,
    coldBurst,
    footprint,
    ratios: {
      warmToNone: warm.serverless.requestsPerSecond / warm.none.requestsPerSecond,
      warmToEmpty: warm.serverless.requestsPerSecond / warm.empty.requestsPerSecond,
      burstAddedMs: coldBurst.releaseP99Ms - coldBurst.plainP99Ms,
    },
    goals: goalsOf(coldBurst, footprint),
  };
  process.stdout.write(chosen.json ? `${JSON.stringify(report, undefined, 2)}\n` : `\n${toTable(report)}`);
};

main().catch((error: unknown) => {
  say(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
});
