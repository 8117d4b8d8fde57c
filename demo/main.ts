import { join } from 'node:path';
import { UsageError } from '../src/command-line/read-words';
import { systemClock } from './clock';
import { messageOf } from './error-message';
import { Journal } from './journal';
import { parseOptions, USAGE } from './options';
import type { DemoOptions } from './options';
import { startDemo } from './start';
import { showJournal } from './terminal';

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(options: DemoOptions): Promise<void> {
  const journal = new Journal(systemClock);
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  showJournal(journal, { json: options.json, quiet: options.quiet, colour, write });
  // The bundle is in the repository's dist/.
  const demo = await startDemo(join(__dirname, '..'), options, journal);
  write(options.json ? JSON.stringify({ url: demo.url }) : `\nOpen ${demo.url}   (Ctrl-C stops everything)\n`);

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void demo.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // The reader has closed the pipe, as in `npm run demo | head`.
  process.stdout.on('error', stop);
}

function fail(error: unknown): never {
  process.stderr.write(`demo: ${messageOf(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(USAGE);
  else run(options).catch(fail);
} catch (error) {
  fail(error);
}
