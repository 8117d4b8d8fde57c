import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import type { Clock } from '../core/ports';

/** Bytes of lines that wait to be written. Above it lines are dropped: a log is worth some memory, not all of it. */
const MAX_BYTES = 256 * 1024;
/**
 * Bytes in one write: a pipe takes that many whole or not at all (PIPE_BUF of Linux), so the lines of processes that share one do not
 * run into each other.
 */
const WRITE_BYTES = 4096;
/** A write that failed is tried again after this long, then after twice that, up to the last. */
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
/** How long the end of the process may wait for a reader. */
const EXIT_MS = 200;
const EXIT_PAUSE_MS = 5;

/** An open file to write lines to. */
export interface LogTarget {
  readonly fd: number;
  /** Whether a write may wait for a disk, so that it is left to Node's thread pool. Any other write returns at once. */
  readonly waits: boolean;
}

/**
 * Standard error, as something that can be written to without waiting for whoever reads it.
 *
 * A pipe is opened anew, because to make it non-blocking here would make it so for every process that has it, such as the shell
 * that started us. It cannot be left to the thread pool either: a write that never returns keeps the process from exiting.
 */
export function standardError(): LogTarget {
  const kind = fstatSync(2);
  if (!kind.isFIFO() && !kind.isSocket() && !kind.isCharacterDevice()) return { fd: 2, waits: true };
  try {
    const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
    return { fd: openSync('/proc/self/fd/2', O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY), waits: false };
  } catch {
    if (kind.isCharacterDevice()) return { fd: 2, waits: true };
    // A socket has no name to be opened by, and a pipe of another user may not be. Node makes either non-blocking with its stream.
    return { fd: process.stderr.fd, waits: false };
  }
}

/**
 * Writes the lines of the log, and never throws or waits: what cannot be written now is kept and tried again, what cannot be kept
 * is counted.
 */
export class LogDestination {
  readonly #target: LogTarget;
  readonly #clock: Clock;
  readonly #report: (dropped: number) => void;
  readonly #lines: string[] = [];
  /** What is being written of them. */
  #chunk: Buffer | undefined;
  /** Of both. */
  #bytes = 0;
  /** No line is taken until half of the room is free again. */
  #full = false;
  #dropped = 0;
  #reported = 0;
  /** A write is in Node's thread pool. */
  #inFlight = false;
  #cancelRetry: (() => void) | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** The process ends: what waits is written now, until then. */
  #endBy: number | undefined;

  /** @param report writes a line about lines that were dropped: called when there is room for it again */
  constructor(target: LogTarget, clock: Clock, report: (dropped: number) => void) {
    this.#target = target;
    this.#clock = clock;
    this.#report = report;
  }

  /** Lines that were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a line, with its line break. */
  write(line: string): void {
    const size = Buffer.byteLength(line);
    if (this.#full || this.#bytes + size > MAX_BYTES) {
      this.#full = this.#bytes > 0;
      this.drop(1);
      return;
    }
    this.#lines.push(line);
    this.#bytes += size;
    this.#drain();
  }

  /** Counts lines that there are not. */
  drop(lines: number): void {
    this.#dropped += lines;
  }

  /** The process ends: writes what waits, as far as somebody takes it. */
  end(): void {
    this.#endBy = this.#clock.now() + EXIT_MS;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    // The thread pool finishes what it has before the process is gone.
    if (this.#inFlight) this.#chunk = undefined;
    this.#inFlight = false;
    this.#drain();
  }

  #drain(): void {
    while (!this.#inFlight && this.#cancelRetry === undefined) {
      const chunk = (this.#chunk ??= this.#next());
      if (chunk === undefined) return;
      if (this.#target.waits && this.#endBy === undefined) {
        this.#writeLater(chunk);
        return;
      }
      try {
        this.#wrote(chunk, writeSync(this.#target.fd, chunk));
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #writeLater(chunk: Buffer): void {
    this.#inFlight = true;
    write(this.#target.fd, chunk, (error, bytes) => {
      if (this.#endBy !== undefined) return;
      this.#inFlight = false;
      if (error === null) this.#wrote(chunk, bytes);
      else this.#failed(error);
      this.#drain();
    });
  }

  /** The lines of the next write. */
  #next(): Buffer | undefined {
    let size = 0;
    let count = 0;
    for (const line of this.#lines) {
      size += Buffer.byteLength(line);
      if (count > 0 && size > WRITE_BYTES) break;
      count += 1;
    }
    return count === 0 ? undefined : Buffer.from(this.#lines.splice(0, count).join(''));
  }

  #wrote(chunk: Buffer, bytes: number): void {
    if (bytes === 0) {
      this.#retry();
      return;
    }
    this.#chunk = bytes < chunk.length ? chunk.subarray(bytes) : undefined;
    this.#bytes -= bytes;
    this.#retryMs = FIRST_RETRY_MS;
    const unreported = this.#dropped - this.#reported;
    if (unreported === 0 || this.#bytes > MAX_BYTES / 2) return;
    this.#full = false;
    this.#reported = this.#dropped;
    this.#report(unreported);
  }

  #failed(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    if (this.#endBy !== undefined && code === 'EAGAIN' && this.#clock.now() < this.#endBy) {
      pause(EXIT_PAUSE_MS);
    } else if (this.#endBy !== undefined || code === 'EPIPE') {
      // Nobody reads it any more.
      this.#discard();
    } else {
      this.#retry();
    }
  }

  #retry(): void {
    this.#cancelRetry = this.#clock.after(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      this.#drain();
    });
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #discard(): void {
    const begun = this.#chunk?.filter((byte) => byte === LINE_BREAK).length ?? 0;
    this.drop(this.#lines.length + begun);
    this.#lines.length = 0;
    this.#chunk = undefined;
    this.#bytes = 0;
    this.#full = false;
  }
}

const LINE_BREAK = 0x0a;

/** Waits where nothing else can be done any more. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
