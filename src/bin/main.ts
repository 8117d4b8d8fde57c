import { systemClock } from '../adapters/clock';
import { type CommandIo, EXIT } from '../command-line/command-io';
import { usageProblems } from '../command-line/read-words';
import type { ProcessSettings } from '../config/process-settings';
import { moduleInfo } from '../kong/plugin-info';
import { helpText, readCommand } from './read-command';
import { dumpPlugins } from '../kong/plugin-info';
import { type Loaded, serve, type ServeOptions } from '../server/serve';

/**
 * Runs a command line and returns its exit code, 0 for a server that keeps running.
 *
 * @param argv without the executable's own name
 */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  const command = readCommand(argv, io.env);
  switch (command.kind) {
    case 'dump':
      // Kong parses everything that is on standard output (K18).
      io.stdout(dumpPlugins(moduleInfo));
      return EXIT.ok;
    case 'help':
      io.stdout(helpText());
      return EXIT.ok;
    case 'version':
      io.stdout(`${moduleInfo.Version}\n`);
      return EXIT.ok;
    case 'invalid':
      io.stderr(usageProblems('serverless', command.problems));
      return EXIT.usage;
    // `import()` wants a file extension. Each command loads what it needs and no more.
    case 'check':
      return await (await import('../check/check-command.js')).runCheck(command.argv, io);
    case 'doctor':
      return await (await import('../doctor/doctor-command.js')).runDoctor(command.argv, io);
    case 'scaler':
      return await runScaler(command.argv, io);
    case 'top':
      return await (await import('../status/top-command.js')).runTop(command.argv, io);
    case 'serve':
      await serve({
        socketPath: command.socketPath,
        socketMode: command.settings.socketMode,
        statusListen: statusOf(command.settings),
        clock: systemClock,
        load: () => load(command.settings, io.env),
      });
      return EXIT.ok;
  }
}

/** Where the status is served, and to whom it may do more. */
function statusOf({ statusListen, statusToken: token }: ProcessSettings): ServeOptions['statusListen'] {
  return statusListen === 'off' ? 'off' : { ...statusListen, token };
}

/** It comes in a file of its own, which an installation that only serves Kong does without. */
async function runScaler(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await (await import('../scaler/scaler-command.js')).runScaler(argv, io);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    io.stderr(
      'serverless scaler: scaler.js is not beside this executable: take the image, or copy both files of dist/\n',
    );
    return EXIT.failed;
  }
}

/** The product is loaded only to serve, and only once the socket listens. */
async function load(settings: ProcessSettings, env: CommandIo['env']): Promise<Loaded> {
  const { createLogger } = await import('../adapters/logger.js');
  const { compose } = await import('../compose.js');
  const { loadTracer } = await import('../tracing/load-tracer.js');
  const log = createLogger(settings.logLevel, settings.logFormat);
  const tracer = await loadTracer('kong-serverless', env, systemClock, log);
  return { product: compose(settings, log, tracer), log };
}
