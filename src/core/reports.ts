/** What the last probe said, as a refusal and the status show it. */
export interface ProbeReport {
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** What gRPC's health service said, such as `NOT_SERVING`; or the status of the call, such as `UNIMPLEMENTED`. */
  readonly grpc?: string;
  /** Why there was none. */
  readonly error?: string;
}

/** What Dapr said to the last publish. */
export interface PublishReport {
  readonly outcome: PublishOutcome;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** Dapr's `errorCode`, or why there was no answer. */
  readonly error?: string;
  /** Dapr's `message`. */
  readonly message?: string;
}

/** `accepted`: Dapr took it (which does not prove that it is queued, D3). `retry`: may work later. `refused`: will not. */
export type PublishOutcome = 'accepted' | 'retry' | 'refused';

/**
 * `passed` and `failed` are answers of the health path. `timed-out` and `unanswered` (refused, reset) say nothing about it: a backend may
 * serve well, and be slow to say so.
 */
export type ProbeOutcome = 'passed' | 'failed' | 'timed-out' | 'unanswered';

/** How a probe ended. */
export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** The nginx worker that served it; `UNKNOWN_WORKER` when it did not pass through this plugin. */
  readonly worker: number;
  readonly report: ProbeReport;
  /** Whether this ends the round: several connections are opened at once to find a worker's line. */
  readonly last: boolean;
}

/** No nginx worker has process id 0. */
export const UNKNOWN_WORKER = 0;
