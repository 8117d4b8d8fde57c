import type { Policy } from '../core/backend';
import type { ColdStart } from '../core/ports';
import { quantile } from '../core/quantile';

/** Fewer say nothing about the next one. */
const LEAST_STARTS = 5;
/** A start that takes so many times as long as nine of ten did does not come any more. */
const PATIENCE = 2;

/** How long a request is held at most, milliseconds. */
export function holdDeadlineMs({ holdTimeoutMs, leastHoldMs }: Policy, coldStarts: readonly ColdStart[]): number {
  if (leastHoldMs === undefined || coldStarts.length < LEAST_STARTS) return holdTimeoutMs;
  const sorted = coldStarts.map(({ readyMs }) => readyMs).sort((a, b) => a - b);
  return Math.min(holdTimeoutMs, Math.max(leastHoldMs, PATIENCE * quantile(sorted, 0.9)));
}
