import type { ServerResponse } from 'node:http';
import { every } from '../clock';
import type { Clock } from '../clock';
import type { Events, StackEvent } from '../events';
import { sampleOf } from '../observe';
import type { BackendView, Observer, Sample } from '../observe';
import type { Run } from '../traffic';

/** How often the page is told what is going on. */
const TICK_MS = 250;
/** One sample for the time line in this many ticks. */
const TICKS_PER_SAMPLE = 2;
/** How long the time line is. */
const HISTORY_MS = 300_000;
/** Events that a page which opens is told at once. */
const LOG_LINES = 100;

/** A part that can be stopped and started again. */
export interface Part {
  readonly description: string;
  readonly running: boolean;
}

/** The state of the stack's own parts. */
export interface PartsView {
  readonly gateway: string;
  readonly plugin: string;
  readonly dapr: Part;
  readonly broker: Part;
}

interface FeedSources {
  readonly observer: Observer;
  readonly parts: () => PartsView;
  readonly runs: () => readonly Run[];
  readonly events: Events;
  readonly clock: Clock;
}

/** Tells every open page what happens, by server-sent events: `history` once, then `tick` and `log`. */
export class Feed {
  readonly #pages = new Set<ServerResponse>();
  readonly #samples: Sample[] = [];
  readonly #log: StackEvent[] = [];
  #views: readonly BackendView[] = [];
  #ticks = 0;
  #stop: () => void = () => undefined;
  readonly #sources: FeedSources;

  constructor(sources: FeedSources) {
    this.#sources = sources;
    sources.events.on('event', (event) => {
      this.#log.push(event);
      if (this.#log.length > LOG_LINES) this.#log.shift();
      this.#send('log', event);
    });
  }

  start(): void {
    this.#stop = every(this.#sources.clock, TICK_MS, () => this.#tick());
  }

  /** What was seen last. */
  get backends(): readonly BackendView[] {
    return this.#views;
  }

  /** Keeps a page up to date until it goes away. */
  open(response: ServerResponse): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // A real Kong in between passes each event on at once.
      'X-Accel-Buffering': 'no',
    });
    this.#pages.add(response);
    response.on('close', () => this.#pages.delete(response));
    response.write(frame('history', { samples: this.#samples, log: this.#log }));
    response.write(frame('tick', this.#snapshot()));
  }

  close(): void {
    this.#stop();
    for (const page of this.#pages) page.end();
  }

  async #tick(): Promise<void> {
    const { observer, clock } = this.#sources;
    this.#views = await observer.look();
    const now = clock.now();
    if (this.#ticks++ % TICKS_PER_SAMPLE === 0) this.#samples.push(sampleOf(this.#views, now));
    while ((this.#samples[0]?.at ?? now) < now - HISTORY_MS) this.#samples.shift();
    this.#send('tick', this.#snapshot());
  }

  #snapshot(): object {
    const { parts, runs, clock } = this.#sources;
    return { at: clock.now(), parts: parts(), backends: this.#views, runs: runs() };
  }

  #send(event: string, data: object): void {
    if (this.#pages.size === 0) return;
    const text = frame(event, data);
    for (const page of this.#pages) page.write(text);
  }
}

function frame(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
