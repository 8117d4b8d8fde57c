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
  /** Changes when it is closed, so that a round that is under way then is not continued. */
  #round = {};

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
    this.#tell(filter, this.#status());
    if (this.#cancel === undefined) this.#tellLater();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#round = {};
  }

  #tellLater(): void {
    this.#cancel = this.#clock.after(EVERY_MS, () => {
      const filters = new Set([...this.#readers.values()].map(({ filter }) => filter));
      this.#tellEach([...filters], this.#status(), this.#round);
    });
  }

  /** One filter in each turn of the event loop: what is drawn takes milliseconds, and Kong's calls come in between. */
  #tellEach([filter, ...others]: readonly string[], status: Status, round: object): void {
    if (round !== this.#round) return;
    if (filter === undefined) {
      this.#tellLater();
      return;
    }
    this.#tell(filter, status);
    setImmediate(() => {
      this.#tellEach(others, status, round);
    });
  }

  /** Drawn once for all pages with this filter. */
  #tell(filter: string, status: Status): void {
    const text = fragment(status, filter);
    let event: string | undefined;
    for (const [response, reader] of this.#readers) {
      // One that does not read what it has been sent would fill the memory. It gets the newest when it reads again.
      if (reader.filter !== filter || text === reader.last || response.writableNeedDrain) continue;
      reader.last = text;
      event ??= `event: status\ndata: ${JSON.stringify(text)}\n\n`;
      response.write(event);
    }
  }
}
