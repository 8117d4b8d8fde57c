import pino from 'pino';
import type { Logger, WriteLine } from '../core/ports';
import { systemClock } from './clock';
import { LogDestination, standardError } from './log-destination';
import { prettyLine } from './pretty-line';

/** The log of this process. */
export interface ProcessLog extends Logger {
  /** How many lines were lost so far, because nothing could be written, or nobody read it. */
  readonly linesDropped: () => number;
}

/**
 * A logger that writes lines to standard error: standard output belongs to `-dump`, which Kong parses whole (K18).
 *
 * @param level pino's level name
 * @param format `json` for machines, `pretty` for people
 */
export function createLogger(level: string, format: 'json' | 'pretty' = 'json'): ProcessLog {
  const destination = new LogDestination(standardError(), systemClock, (dropped) => {
    lines.error({ dropped }, `${dropped} log lines were dropped: standard error took none`);
  });
  const stream: pino.DestinationStream =
    format === 'json'
      ? destination
      : {
          write: (line) => {
            destination.write(prettyLine(line));
          },
        };
  const lines = pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  process.on('exit', () => {
    destination.end();
  });
  const writer =
    (name: keyof Logger): WriteLine =>
    (facts, sentence) => {
      try {
        lines[name](facts, sentence);
      } catch {
        // Facts that cannot be written, such as an error with a getter that throws.
        destination.drop(1);
      }
    };
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    linesDropped: () => destination.dropped,
  };
}
