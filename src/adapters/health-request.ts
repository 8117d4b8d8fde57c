import type { ProbeSettings } from '../core/backend';
import type { ProbeOutcome, ProbeReport } from '../core/reports';
import type { ConnectionPool } from './connection-pool';
import { HttpFailure, request } from './http-client';
import { PROBE_HEADER, PROBE_USER_AGENT } from './own-probes';

/** A health answer is drained so that its connection can be used again, but no further than this. */
const MAX_BODY_BYTES = 64 * 1024;

export interface HealthRequest {
  readonly url: string;
  readonly settings: Pick<ProbeSettings, 'timeoutMs' | 'statuses'>;
  /** Host header; undefined: that of the URL. */
  readonly host: string | undefined;
  /** By which the access phase knows the probe; undefined: it does not come by there. */
  readonly ticket: string | undefined;
  readonly pool: ConnectionPool;
}

/** Asks a health path once. Never rejects. */
export async function askHealth(asked: HealthRequest): Promise<{ outcome: ProbeOutcome; report: ProbeReport }> {
  const { url, settings, host, ticket, pool } = asked;
  try {
    const { status } = await request({
      method: 'GET',
      url,
      headers: {
        'User-Agent': PROBE_USER_AGENT,
        ...(host === undefined ? {} : { Host: host }),
        ...(ticket === undefined ? {} : { [PROBE_HEADER]: ticket }),
      },
      timeoutMs: settings.timeoutMs,
      maxBytes: MAX_BODY_BYTES,
      pool,
    });
    return { outcome: settings.statuses.includes(status) ? 'passed' : 'failed', report: { status } };
  } catch (error) {
    const isFailure = error instanceof HttpFailure;
    const outcome = isFailure && error.code === 'ETIMEDOUT' ? 'timed-out' : 'unanswered';
    return { outcome, report: { error: isFailure ? `${error.code}: ${error.message}` : String(error) } };
  }
}
