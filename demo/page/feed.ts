import type { ServerResponse } from 'node:http';
import { every } from '../clock';
import type { Clock } from '../clock';
import type { Journal, JournalEntry } from '../journal';
import { pointOf } from '../observe';
import type { BackendView, Observer, TimelinePoint } from '../observe';
import type { Run } from '../traffic';

/** How often a page is sent the current state. */
const TICK_MS = 250;
/** One point of the timeline in this many ticks. */
const TICKS_PER_POINT = 2;
/** Length of the timeline. */
const HISTORY_MS = 300_000;
/** Journal entries that a page is sent when it opens. */
const LOG_LINES = 100;

/** A part that a button stops and starts again. */
export interface StoppableView {
  readonly description: string;
  readonly running: boolean;
}

/** What the services run on. */
export interface InfrastructureView {
  readonly gateway: string;
  readonly plugin: string;
  /** What is between gateway and KEDA: Dapr and a broker, or the scaler. */
  readonly dapr?: StoppableView;
  readonly broker?: StoppableView;
  readonly scaler?: StoppableView;
}

interface FeedSources {
  readonly observer: Observer;
  readonly infrastructure: () => InfrastructureView;
  readonly runs: () => readonly Run[];
  readonly journal: Journal;
  readonly clock: Clock;
}

/** Sends every open page what happens, by server-sent events: `history` once, then `tick` and `log`. */
export class Feed {
  readonly #pages = new Set<ServerResponse>();
  readonly #points: TimelinePoint[] = [];
  readonly #log: JournalEntry[] = [];
  #views: readonly BackendView[] = [];
  #ticks = 0;
  #stop: () => void = () => undefined;
  readonly #sources: FeedSources;

  constructor(sources: FeedSources) {
    this.#sources = sources;
    sources.journal.on('entry', (entry) => {
      this.#log.push(entry);
      if (this.#log.length > LOG_LINES) this.#log.shift();
      this.#send('log', entry);
    });
  }

  start(): void {
    this.#stop = every(this.#sources.clock, TICK_MS, () => this.#tick());
  }

  /** As of the last tick. */
  get backends(): readonly BackendView[] {
    return this.#views;
  }

  /** Keeps a page up to date until it is closed. */
  open(response: ServerResponse): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // Otherwise a real Kong in between would buffer.
      'X-Accel-Buffering': 'no',
    });
    this.#pages.add(response);
    response.on('close', () => this.#pages.delete(response));
    response.write(frame('history', { points: this.#points, log: this.#log }));
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
    if (this.#ticks++ % TICKS_PER_POINT === 0) this.#points.push(pointOf(this.#views, now));
    while ((this.#points[0]?.at ?? now) < now - HISTORY_MS) this.#points.shift();
    this.#send('tick', this.#snapshot());
  }

  #snapshot(): object {
    const { infrastructure, runs, clock } = this.#sources;
    return { at: clock.now(), infrastructure: infrastructure(), backends: this.#views, runs: runs() };
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
