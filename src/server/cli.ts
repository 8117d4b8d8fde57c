import type { ProcessSettings } from '../config/process-settings';
import { moduleInfo } from '../module-info';
import { helpText, readCommand } from './options';
import { dumpPlugins } from './plugin-info';
import { type Loaded, serve } from './serve';

/**
 * Runs a command line and returns its exit code, which for a server that goes on is 0.
 *
 * @param argv without the executable's own name
 */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = readCommand(argv, env);
  switch (command.kind) {
    case 'dump':
      // Kong parses everything that is on standard output (HOST-FACTS K18).
      process.stdout.write(dumpPlugins(moduleInfo));
      return 0;
    case 'help':
      process.stdout.write(helpText());
      return 0;
    case 'version':
      process.stdout.write(`${moduleInfo.Version}\n`);
      return 0;
    case 'invalid':
      process.stderr.write(command.problems.map((problem) => `serverless: ${problem}\n`).join(''));
      process.stderr.write('serverless --help lists the options.\n');
      return 2;
    case 'serve':
      await serve({
        socketPath: command.socketPath,
        statusListen: command.settings.statusListen,
        load: () => load(command.settings),
      });
      return 0;
  }
}

/** (`import()` wants the extension that `import` does without.) The product is loaded only to serve, and only once the socket listens. */
async function load(settings: ProcessSettings): Promise<Loaded> {
  const { createLogger } = await import('../adapters/logger.js');
  const { systemClock } = await import('../adapters/clock.js');
  const { compose } = await import('../compose.js');
  const log = createLogger(settings.logLevel);
  return { product: compose(settings, log), log, clock: systemClock };
}
