import { join } from 'node:path';
import { UsageError } from '../src/command-line/read-words';
import { systemClock } from './clock';
import { Events, messageOf } from './events';
import { parseOptions, USAGE } from './options';
import type { StackOptions } from './options';
import { startStack } from './stack';
import { showEvents } from './terminal';

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(options: StackOptions): Promise<void> {
  const events = new Events(systemClock);
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  showEvents(events, { json: options.json, quiet: options.quiet, colour, write });
  // The bundle lies in dist/ of the repository.
  const stack = await startStack(join(__dirname, '..'), options, events);
  write(options.json ? JSON.stringify({ url: stack.url }) : `\nOpen ${stack.url}   (Ctrl-C stops everything)\n`);

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void stack.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Nobody reads what we write any more, as after `| head`.
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
