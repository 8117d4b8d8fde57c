import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/ports';
import { fragment } from './page';
import type { Status } from '../core/status';

/** How often it is looked for a change, milliseconds. */
const EVERY_MS = 1000;
/** Pages that are kept up to date at a time. */
const MOST = 16;

interface Reader {
  readonly filter: string;
  last: string;
}

/** Keeps open pages up to date, by server-sent events: the whole of what may change, whenever it has. */
export class LiveStatus {
  readonly #status: () => Status;
  readonly #clock: Clock;
  readonly #readers = new Map<ServerResponse, Reader>();
  #cancel: (() => void) | undefined;

  constructor(status: () => Status, clock: Clock) {
    this.#status = status;
    this.#clock = clock;
  }

  /** Keeps this one up to date until it leaves. */
  open(response: ServerResponse, filter: string): void {
    if (this.#readers.size >= MOST) {
      response.writeHead(503, { 'Retry-After': '10' }).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    this.#readers.set(response, { filter, last: '' });
    response.on('close', () => {
      this.#readers.delete(response);
      if (this.#readers.size === 0) this.close();
    });
    this.#tell();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tell(): void {
    this.#cancel?.();
    const status = this.#status();
    for (const [response, reader] of this.#readers) {
      const text = fragment(status, reader.filter);
      if (text === reader.last) continue;
      reader.last = text;
      response.write(`event: status\ndata: ${JSON.stringify(text)}\n\n`);
    }
    this.#cancel = this.#clock.after(EVERY_MS, () => {
      this.#tell();
    });
  }
}
