import type { Journal, Source, JournalEntry } from './journal';

/** How the terminal shows the journal. */
export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly write: (line: string) => void;
}

const COLOURS: Readonly<Record<Source, number>> = {
  gateway: 36,
  plugin: 35,
  dapr: 34,
  broker: 34,
  scaler: 34,
  keda: 33,
  replica: 32,
  traffic: 36,
  demo: 37,
};

/** Writes one line per entry: coloured text, or JSON for programs; `quiet` leaves only warnings and errors. */
export function showJournal(journal: Journal, options: TerminalOptions): void {
  journal.on('entry', (entry) => {
    if (options.quiet && entry.level === 'info') return;
    options.write(options.json ? JSON.stringify(entry) : textOf(entry, options.colour));
  });
}

function textOf({ at, source, level, text }: JournalEntry, colour: boolean): string {
  const time = new Date(at).toTimeString().slice(0, 8) + '.' + String(at % 1000).padStart(3, '0');
  const label = source.padEnd(8);
  if (!colour) return `${time}  ${label} ${level === 'info' ? '' : `${level}: `}${text}`;
  const paint = (code: number, what: string): string => `\u001b[${code}m${what}\u001b[0m`;
  const body = level === 'info' ? text : paint(level === 'warn' ? 33 : 31, text);
  return `${paint(2, time)}  ${paint(COLOURS[source], label)} ${body}`;
}
