/** What a line of the log has beside what was handed to it. */
interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
}

/** pino's numbers. */
const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/**
 * A line of JSON as people read it: `13:05:07.123 WARN  sentence  backend=/foo probes=3`, and an error's stack below. What is not such a
 * line stays as it is.
 */
export function prettyLine(json: string): string {
  let line: LogLine;
  try {
    line = JSON.parse(json) as LogLine;
  } catch {
    return json;
  }
  const { level, time, msg = '', err, ...others } = line;
  const words = Object.entries(others)
    .filter(([name]) => name !== 'pid')
    .map(([name, value]) => ` ${name}=${valueText(value)}`);
  const moment = time.slice(11, 23);
  return `${moment} ${(LEVELS[level] ?? String(level)).padEnd(5)} ${msg}${words.length > 0 ? ` ${words.join('')}` : ''}\n${errorText(err)}`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function errorText(err: unknown): string {
  if (typeof err !== 'object' || err === null) return err === undefined ? '' : `    ${JSON.stringify(err)}\n`;
  const { stack, message } = err as { readonly stack?: string; readonly message?: string };
  return `    ${(stack ?? message ?? JSON.stringify(err)).replaceAll('\n', '\n    ')}\n`;
}
