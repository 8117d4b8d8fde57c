import { setImmediate as turn } from 'node:timers/promises';
import type { ErrorCode } from '../core/errors';
import { ERROR_CODES } from '../core/errors';
import type { ColdStart, Observer, Settlement, MessageReason } from '../core/ports';
import type { PublishReport } from '../core/reports';
import type { BackendReading } from './backend-readings';
import { EventLoopLag } from './event-loop-lag';
import { Counter, type Exposition, type Format, Histogram, Reading, Readings, type Sample } from './exposition';
import { BUCKETS, INSTRUMENTS, RPC_BUCKETS } from './instruments';
import { WorkerNumbers } from './worker-numbers';

/** How long rendering may keep everything else waiting, milliseconds. */
const SLICE_MS = 3;

/** What others know, in the whole process. */
export interface ProcessReadings {
  /** Requests held now. */
  readonly held: () => number;
  readonly heldLimit: () => number;
  readonly backends: () => readonly BackendReading[];
  /** Lines that the log has lost. */
  readonly linesDropped: () => number;
  /** How often an observer has thrown. */
  readonly observerFailures: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Of the plugin. */
  readonly version: string;
}

/** Counts what activators do and what is rejected, for Prometheus. docs/metrics.md has a line for each. */
export class Metrics implements Observer {
  readonly #hold = new Histogram(INSTRUMENTS.hold, BUCKETS);
  readonly #coldStart = new Histogram(INSTRUMENTS.coldStart, BUCKETS);
  readonly #coldStarts = new Counter(INSTRUMENTS.coldStarts);
  readonly #releases = new Counter(INSTRUMENTS.releases);
  readonly #workerReleases = new Counter(INSTRUMENTS.workerReleases);
  readonly #probes = new Counter(INSTRUMENTS.probes);
  readonly #messages = new Counter(INSTRUMENTS.messages);
  readonly #renewals = new Counter(INSTRUMENTS.renewals);
  readonly #rejections = new Counter(INSTRUMENTS.rejections);
  readonly #rpc = new Histogram(INSTRUMENTS.rpc, RPC_BUCKETS);
  readonly #unread = this.#rpc.of(['unread']);
  readonly #read = this.#rpc.of(['read']);
  readonly #lag = new EventLoopLag();
  readonly #workers: WorkerNumbers;
  readonly #known = new Set<string>();
  readonly #expositions: readonly Exposition[];
  #standby = false;

  constructor(readings: ProcessReadings) {
    this.#workers = new WorkerNumbers(readings.now);
    const counted = [this.#hold, this.#releases, this.#workerReleases, this.#coldStart, this.#coldStarts];
    const told = [this.#probes, this.#messages, this.#renewals, this.#rejections, this.#rpc];
    this.#expositions = [...backendsOf(readings), ...counted, ...told, ...this.#processOf(readings)];
    // There from the start: an alert on an increase would miss the first of a series that appears with it.
    for (const code of ERROR_CODES) this.#rejections.add([code], 0);
  }

  coldStart(backend: string, { wakeMs, addressMs, podReadyMs, readyMs, traceId }: ColdStart): void {
    const phases = { woken: wakeMs, address: addressMs, 'pod-ready': podReadyMs, released: readyMs };
    for (const [phase, ms] of Object.entries(phases))
      if (ms !== undefined) this.#coldStart.observe([backend, phase], ms / 1000, traceId);
    this.#coldStarts.add([backend, 'ready']);
  }

  coldStartLate(backend: string, code: ErrorCode): void {
    this.#coldStarts.add([backend, code]);
  }

  settled(backend: string, { outcome, heldMs, lane, worker }: Settlement): void {
    this.#meet(backend);
    this.#hold.observe([backend, outcome], heldMs / 1000);
    if (lane === undefined) return;
    this.#releases.add([backend, lane]);
    if (worker !== undefined) this.#workerReleases.add([this.#workers.of(worker)]);
  }

  probed(backend: string, outcome: string): void {
    this.#meet(backend);
    this.#probes.add([backend, outcome]);
  }

  renewed(backend: string): void {
    this.#renewals.add([backend]);
  }

  published(backend: string, reason: MessageReason, { outcome }: PublishReport): void {
    this.#meet(backend);
    this.#messages.add([backend, reason, outcome]);
  }

  rejected(code: ErrorCode): void {
    this.#rejections.add([code]);
  }

  /** An access phase is over that held nothing. @param asked it had questions to Kong */
  served(ms: number, asked: boolean): void {
    (asked ? this.#read : this.#unread).observe(ms / 1000);
  }

  /**
   * All numbers as text. Everything else goes on meanwhile, so a number may be newer than one above it.
   *
   * @param standby whether another process stands by
   */
  async text(format: Format, standby: boolean): Promise<string> {
    this.#standby = standby;
    const slices: string[] = [];
    let slice: string[] = [];
    let since = performance.now();
    for (const lines of this.#lines(format)) {
      slice.push(lines);
      if (performance.now() - since < SLICE_MS) continue;
      // Joined here and not all at the end, which would be the longest slice of all.
      slices.push(slice.join(''));
      slice = [];
      await turn();
      since = performance.now();
    }
    slices.push(slice.join(''));
    return slices.join('');
  }

  close(): void {
    this.#lag.close();
  }

  /** Of what may go wrong with a backend there is a number from the first that is heard of it, for the same reason as of the codes. */
  #meet(backend: string): void {
    if (this.#known.has(backend)) return;
    this.#known.add(backend);
    for (const outcome of ['ready', 'SERVERLESS_HOLD_TIMEOUT']) this.#coldStarts.add([backend, outcome], 0);
    for (const outcome of ['accepted', 'retry', 'refused']) this.#messages.add([backend, 'cold-start', outcome], 0);
  }

  *#lines(format: Format): Iterable<string> {
    for (const [index, exposition] of this.#expositions.entries()) {
      if (index > 0 && format === 'prometheus') yield '\n';
      yield* exposition.lines(format);
    }
    if (format === 'openmetrics') yield '# EOF\n';
  }

  #processOf({ linesDropped, observerFailures, version }: ProcessReadings): readonly Exposition[] {
    return [
      new Readings(INSTRUMENTS.eventLoopLag, () => this.#lag.read()),
      new Reading(INSTRUMENTS.standby, () => Number(this.#standby)),
      new Reading(INSTRUMENTS.linesDropped, linesDropped),
      new Reading(INSTRUMENTS.observerFailures, observerFailures),
      new Reading(INSTRUMENTS.started, () => Math.round(performance.timeOrigin) / 1000),
      new Reading(INSTRUMENTS.memory, () => process.memoryUsage.rss()),
      new Readings(INSTRUMENTS.build, () => [[[version, process.versions.node], 1]]),
    ];
  }
}

function backendsOf({ held, heldLimit, backends }: ProcessReadings): readonly Exposition[] {
  const each = (value: (backend: BackendReading) => number | undefined): (() => Iterable<Sample>) =>
    function* () {
      for (const backend of backends()) {
        const number = value(backend);
        if (number !== undefined) yield [[backend.target], number];
      }
    };
  return [
    new Reading(INSTRUMENTS.held, held),
    new Reading(INSTRUMENTS.heldLimit, heldLimit),
    new Readings(
      INSTRUMENTS.backendHeld,
      each((backend) => backend.held),
    ),
    new Readings(
      INSTRUMENTS.backendState,
      each(({ state }) => state),
    ),
    new Readings(
      INSTRUMENTS.asleep,
      each(({ asleepSeconds }) => asleepSeconds),
    ),
  ];
}
