import { systemClock } from '../adapters/clock';
import { createLogger } from '../adapters/logger';
import { type CommandIo, EXIT, withUsage } from '../command-line/command-io';
import { optionTable, readWords, refuseWords, settingMeaning, UsageError } from '../command-line/read-words';
import { loadTracer } from '../tracing/load-tracer';
import { Scaler } from './scaler';
import { parseScalerSettings, scalerSettings } from './settings';

const options = Object.fromEntries(scalerSettings.map(({ option }) => [option, { type: 'string' as const }]));

/** What `serverless scaler --help` prints. */
export const SCALER_HELP = `Usage:
  serverless scaler [OPTION...]   Tell KEDA at once when a backend is wanted (external-push)

${optionTable([
  ...scalerSettings.map((setting) => [`    --${setting.option} VALUE`, settingMeaning(setting)] as const),
  ['-h, --help', 'Print this'],
])}`;

/** Runs `serverless scaler` until a signal ends it; returns its exit code, 0 while it goes on. */
export function runScaler(argv: readonly string[], io: CommandIo): Promise<number> {
  return withUsage('scaler', io, async () => {
    const { values, positionals } = readWords(argv, { ...options, help: { type: 'boolean', short: 'h' } });
    if (values.help === true) {
      io.stdout(SCALER_HELP);
      return EXIT.ok;
    }
    refuseWords(positionals);
    const parsed = parseScalerSettings(values as Readonly<Record<string, string | undefined>>, io.env);
    if (!parsed.ok) throw new UsageError(...parsed.problems);
    const logger = createLogger(parsed.settings.logLevel, parsed.settings.logFormat);
    const tracer = await loadTracer('kong-serverless-scaler', io.env, systemClock, logger);
    const scaler = new Scaler(parsed.settings, systemClock, logger, tracer);
    try {
      await scaler.start();
    } catch (error) {
      // The other of the two may listen already.
      await scaler.stop();
      io.stderr(`serverless scaler: it cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
      return EXIT.failed;
    }
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // Whoever asks twice does not want to wait.
        if (stopping) process.exit(EXIT.failed);
        stopping = true;
        logger.info({ signal }, 'the scaler stops');
        void scaler.stop().then(() => {
          process.exit(EXIT.ok);
        });
      });
    }
    return EXIT.ok;
  });
}
