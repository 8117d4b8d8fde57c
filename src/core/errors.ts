import type { ProbeReport, PublishReport } from './reports';

/** Every reason for which this plugin answers a request itself. docs/errors.md says what to do about each. */
export const ERROR_CODES = [
  'SERVERLESS_CONFIG_INVALID',
  'SERVERLESS_HOLD_TIMEOUT',
  'SERVERLESS_HOLD_OVERFLOW',
  'SERVERLESS_WAKE_REFUSED',
  'SERVERLESS_WAKE_BUDGET',
  'SERVERLESS_CIRCUIT_OPEN',
  'SERVERLESS_NO_WAKE',
  'SERVERLESS_MAINTENANCE',
  'SERVERLESS_SHUTTING_DOWN',
  'SERVERLESS_INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What is known when a request is rejected. */
export interface ErrorContext {
  /** Target of the backend. */
  readonly backend?: string | undefined;
  readonly lastProbe?: ProbeReport | undefined;
  readonly lastPublish?: PublishReport | undefined;
  /** HTTP status in place of 503. */
  readonly status?: number;
  /** Seconds after which another try makes sense, where that is known better than by the code. */
  readonly retryAfter?: number;
}

/** A request that the plugin answers itself, with the reason. */
export class ServerlessError extends Error {
  override readonly name = 'ServerlessError';
  constructor(
    readonly code: ErrorCode,
    /** One sentence for the client: what happened, without secrets. */
    readonly detail: string,
    readonly context: ErrorContext = {},
  ) {
    super(`${code}: ${detail}`);
  }

  /** The same, answered with this HTTP status. */
  withStatus(status: number): ServerlessError {
    return new ServerlessError(this.code, this.detail, { ...this.context, status });
  }
}

/** For a request that this process takes on no more, or will not hold any longer. */
export function shuttingDown(backend?: string): ServerlessError {
  return new ServerlessError('SERVERLESS_SHUTTING_DOWN', 'This gateway is shutting down; try again.', { backend });
}

/** For a request to a backend that sleeps on purpose. */
export function inMaintenance(backend: string): ServerlessError {
  return new ServerlessError('SERVERLESS_MAINTENANCE', 'The backend is in maintenance, and nothing wakes it.', {
    backend,
  });
}

/** What is as configured is nothing for an operator to look at. */
export function isAsConfigured(code: ErrorCode): boolean {
  return code === 'SERVERLESS_NO_WAKE' || code === 'SERVERLESS_MAINTENANCE';
}
