import type { Clock, OpenConnections, Pod } from '../core/ports';
import { Alarm } from './alarm';

export interface InFlightParts {
  readonly clock: Clock;
  /** Undefined where connections cannot be seen. */
  readonly connections: OpenConnections | undefined;
  /** Those of the backend that run or start; undefined: not known. */
  readonly pods: () => readonly Pod[] | undefined;
  /** How long a message lives, milliseconds. */
  readonly messageTtlMs: () => number;
  /** Requests are open, and no message of the last half of its life says so. */
  readonly onOpen: (connections: number) => void;
}

/**
 * Notices requests that outlive the message which woke their backend: a download, an event stream, a WebSocket. A request is seen to begin
 * and never to end, so Kong's connections to the backend's pods are looked at, once half a message's life after the last message and
 * never while requests keep coming (ADR 10).
 */
export class InFlight {
  readonly #parts: InFlightParts;
  readonly #alarm: Alarm;
  #closed = false;
  #isOpen = false;

  constructor(parts: InFlightParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock, () => {
      void this.#look();
    });
  }

  /** Whether anything was open when it was looked at last. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A message was sent, of whichever kind. */
  messageSent(): void {
    if (this.#closed || this.#parts.connections === undefined) return;
    this.#alarm.set(this.#parts.clock.now() + this.#parts.messageTtlMs() / 2);
  }

  close(): void {
    this.#closed = true;
    this.#alarm.set(undefined);
  }

  async #look(): Promise<void> {
    const { connections, pods, onOpen } = this.#parts;
    const addresses = (pods() ?? []).flatMap(({ address, ports }) =>
      [...ports.values()].map((port) => `${address}:${port}`),
    );
    const open = connections === undefined || addresses.length === 0 ? 0 : await connections.to(addresses);
    this.#isOpen = open > 0;
    // A message that went out meanwhile says as much.
    if (open > 0 && !this.#closed && this.#alarm.at === undefined) onOpen(open);
  }
}
