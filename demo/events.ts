import { EventEmitter } from 'node:events';
import type { Clock } from './clock';

/** Which part of the stack speaks. */
export type Source = 'gateway' | 'plugin' | 'dapr' | 'broker' | 'keda' | 'replica' | 'traffic' | 'stack';

/** One thing that happened: a line in the terminal, an entry of the page's log. */
export interface StackEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly source: Source;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** Where all parts report to. */
export class Events extends EventEmitter<{ event: [StackEvent] }> {
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

  #report(source: Source, level: StackEvent['level'], text: string): void {
    this.emit('event', { at: this.#clock.now(), source, level, text });
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
