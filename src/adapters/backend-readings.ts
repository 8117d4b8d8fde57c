/** What a backend's gauges say. */
export interface BackendReading {
  readonly target: string;
  readonly held: number;
  /** As `serverless_backend_state` says it. */
  readonly state: number;
  /** How long it is known to have had no pod, seconds; undefined where nobody knows. */
  readonly asleepSeconds: number | undefined;
}

/** What `serverless_backend_state` says of each. */
export const STATE_NUMBERS = { idle: 0, asleep: 1, probing: 2, waking: 3, ready: 4 } as const;

interface Status {
  readonly target: string;
  readonly held: number;
  readonly state: keyof typeof STATE_NUMBERS;
  readonly asleepSeconds: number | undefined;
}

/**
 * One reading for each target. Two backends may have the same, in two plugin configurations that publish to different topics; a label has
 * to stand for one number.
 */
export function backendReadings(statuses: readonly Status[]): readonly BackendReading[] {
  const byTarget = new Map<string, BackendReading>();
  for (const { target, held, state, asleepSeconds } of statuses) {
    const other = byTarget.get(target);
    byTarget.set(target, {
      target,
      held: held + (other?.held ?? 0),
      state: Math.max(STATE_NUMBERS[state], other?.state ?? 0),
      asleepSeconds: greater(asleepSeconds, other?.asleepSeconds),
    });
  }
  return [...byTarget.values()];
}

function greater(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
