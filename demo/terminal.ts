import type { Events, Source, StackEvent } from './events';

/** How the terminal shows events. */
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
  keda: 33,
  replica: 32,
  traffic: 36,
  stack: 37,
};

/** Writes one line per event: coloured text, or JSON for programs; `quiet` leaves only warnings and errors. */
export function showEvents(events: Events, options: TerminalOptions): void {
  events.on('event', (event) => {
    if (options.quiet && event.level === 'info') return;
    options.write(options.json ? JSON.stringify(event) : textOf(event, options.colour));
  });
}

function textOf({ at, source, level, text }: StackEvent, colour: boolean): string {
  const time = new Date(at).toTimeString().slice(0, 8) + '.' + String(at % 1000).padStart(3, '0');
  const label = source.padEnd(8);
  if (!colour) return `${time}  ${label} ${level === 'info' ? '' : `${level}: `}${text}`;
  const paint = (code: number, what: string): string => `\u001b[${code}m${what}\u001b[0m`;
  const body = level === 'info' ? text : paint(level === 'warn' ? 33 : 31, text);
  return `${paint(2, time)}  ${paint(COLOURS[source], label)} ${body}`;
}
