import type { ProbeSettings } from '../core/backend';
import type { ProbeOutcome, ProbeReport } from '../core/reports';

export interface HealthRequest {
  readonly settings: Pick<ProbeSettings, 'timeoutMs' | 'statuses'>;
  /** Host that is asked for; undefined: that of the URL. */
  readonly host: string | undefined;
  /** By which the access phase knows the probe; undefined: it does not come by there. */
  readonly ticket: string | undefined;
}

export interface HealthAnswer {
  readonly outcome: ProbeOutcome;
  readonly report: ProbeReport;
}

/** Asks one health path, over connections of its own that it keeps. */
export interface HealthClient {
  /** Never rejects. */
  ask(request: HealthRequest): Promise<HealthAnswer>;
  /** Whether it has a connection. */
  readonly isOpen: boolean;
  /** Closes its connections. */
  destroy(): void;
}

/** No answer, as a report says it. */
export function noAnswer(code: string, message: string): HealthAnswer {
  return { outcome: code === 'ETIMEDOUT' ? 'timed-out' : 'unanswered', report: { error: `${code}: ${message}` } };
}
