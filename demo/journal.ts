import { EventEmitter } from 'node:events';
import type { Clock } from './clock';

/** Who reports: the gateway, the plugin, …, or the demo itself. */
export type Source = 'gateway' | 'plugin' | 'dapr' | 'broker' | 'scaler' | 'keda' | 'replica' | 'traffic' | 'demo';

/** A line in the terminal and in the page's log. */
export interface JournalEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly source: Source;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** What the demo reports, as it happens, to the terminal and to the page. */
export class Journal extends EventEmitter<{ entry: [JournalEntry] }> {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  info(source: Source, text: string): void {
    this.#report(source, 'info', text);
  }

  warn(source: Source, text: string): void {
    this.#report(source, 'warn', text);
  }

  error(source: Source, text: string): void {
    this.#report(source, 'error', text);
  }

  #report(source: Source, level: JournalEntry['level'], text: string): void {
    this.emit('entry', { at: this.#clock.now(), source, level, text });
  }
}
