import { quantile } from '../core/quantile';

/** How far a wake-up is, as the backend's own history has it. */
export interface Estimate {
  /**
   * `unknown`: there is no history. `usual`: time is left by the median. `soon`: longer than the median, within p90. `late`: longer than
   * nine out of ten.
   */
  readonly kind: 'unknown' | 'usual' | 'soon' | 'late';
  /** From 0 to below 1; undefined where there is no history. */
  readonly progress: number | undefined;
  /** Seconds that are left, rounded up as people say it; undefined where none can be said. */
  readonly secondsLeft: number | undefined;
  /** When something else is to be said, milliseconds from now; undefined: never. */
  readonly changesInMs: number | undefined;
  /** Until when the progress goes on by itself, milliseconds from now. */
  readonly endsInMs: number;
}

/** A bar that is full while one still waits would lie. */
const MOST = 0.95;
const LEAST_CHANGE_MS = 250;

/**
 * @param elapsedMs since the wake-up began
 * @param historyMs how long the last cold starts took
 */
export function estimate(elapsedMs: number, historyMs: readonly number[]): Estimate {
  if (historyMs.length === 0) {
    return { kind: 'unknown', progress: undefined, secondsLeft: undefined, changesInMs: undefined, endsInMs: 0 };
  }
  const sorted = [...historyMs].sort((a, b) => a - b);
  const [median, p90] = [quantile(sorted, 0.5), Math.max(quantile(sorted, 0.9), 1)];
  const progress = Math.min(MOST, Math.max(0, (elapsedMs / p90) * MOST));
  const endsInMs = Math.max(0, p90 - elapsedMs);
  if (elapsedMs >= p90) return { kind: 'late', progress, secondsLeft: undefined, changesInMs: undefined, endsInMs };
  if (elapsedMs >= median) {
    return {
      kind: 'soon',
      progress,
      secondsLeft: undefined,
      changesInMs: Math.max(LEAST_CHANGE_MS, endsInMs),
      endsInMs,
    };
  }
  const leftMs = median - elapsedMs;
  const secondsLeft = roundedUp(leftMs / 1000);
  const changesInMs = Math.max(LEAST_CHANGE_MS, leftMs - stepBelow(secondsLeft) * 1000);
  return { kind: 'usual', progress, secondsLeft, changesInMs, endsInMs };
}

/** Coarse: a person plans with it, and a screen reader says it. */
function roundedUp(seconds: number): number {
  const step = seconds > 60 ? 30 : 5;
  return Math.ceil(seconds / step) * step;
}

/** What is said next, when less is left. */
function stepBelow(seconds: number): number {
  return seconds - (seconds > 60 ? 30 : 5);
}
