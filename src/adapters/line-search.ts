import type { Clock } from '../core/ports';

/**
 * Connections opened at once to find the line of a worker. One after the other would not do: the kernel hands a lone connection
 * to the same idle worker again and again.
 */
const FAN_OUT = 4;
/** So many rounds, every other one looks for the line of a worker. After them it is looked for after twice as many each time. */
const EAGER_ROUNDS = 16;
/** A worker that was not missed for so long is looked for as if for the first time. */
const FORGET_MS = 60_000;

interface Missed {
  readonly rounds: number;
  readonly at: number;
}

/**
 * How hard the lines are looked for of the workers that have none yet. A worker may take no connection at all: it is busy, or one that
 * a reload has left to finish its requests. It must not cost connections for as long as somebody waits on it.
 */
export class LineSearch {
  readonly #clock: Clock;
  /** By worker, the one missed longest ago first. */
  readonly #missed = new Map<number, Missed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many connections to open in this round, in which these workers are missing. */
  connections(workers: readonly number[]): number {
    const now = this.#clock.now();
    for (const [worker, { at }] of this.#missed) {
      if (now - at < FORGET_MS) break;
      this.#missed.delete(worker);
    }
    let most = 0;
    for (const worker of workers) {
      const rounds = (this.#missed.get(worker)?.rounds ?? 0) + 1;
      this.#missed.delete(worker);
      this.#missed.set(worker, { rounds, at: now });
      most = Math.max(most, connectionsInRound(rounds));
    }
    return most;
  }
}

function connectionsInRound(round: number): number {
  if (round === 1) return 1;
  const isDue = round <= EAGER_ROUNDS ? round % 2 === 0 : Number.isInteger(Math.log2(round));
  return isDue ? FAN_OUT : 0;
}
