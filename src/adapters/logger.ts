import pino from 'pino';
import type { Logger } from '../core/ports';

/**
 * A logger that writes JSON lines to standard error: standard output belongs to `-dump`, which Kong parses whole (K18).
 * Writes are synchronous, so that the last line before a crash is there too.
 *
 * @param level pino's level name
 */
export function createLogger(level: string): Logger {
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
