import type { ErrorCode, ServerlessError } from '../core/errors';
import type { ProbeReport, PublishReport } from '../core/reports';
import type { Kong } from './contract';

interface Kind {
  readonly title: string;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number;
}

const KINDS: Readonly<Record<ErrorCode, Kind>> = {
  SERVERLESS_CONFIG_INVALID: { title: 'The plugin configuration is invalid', retryAfter: 60 },
  SERVERLESS_HOLD_TIMEOUT: { title: 'The backend did not become ready in time', retryAfter: 5 },
  SERVERLESS_HOLD_OVERFLOW: { title: 'Too many requests are held for the backend', retryAfter: 5 },
  SERVERLESS_WAKE_REFUSED: { title: 'The wake-up was refused', retryAfter: 30 },
  SERVERLESS_NO_WAKE: { title: 'The backend sleeps, and this request does not wake it', retryAfter: 60 },
  SERVERLESS_SHUTTING_DOWN: { title: 'The gateway is shutting down', retryAfter: 1 },
  SERVERLESS_INTERNAL: { title: 'The plugin failed', retryAfter: 5 },
};

/** Answers a request with an error. Kong does not return from it. */
export async function reject(kong: Kong, error: ServerlessError, showReasons = false): Promise<void> {
  const { status, body, headers } = toHttpAnswer(error, showReasons);
  await kong.response.exit(status, body, headers);
}

/** The same as a PDK call, for a request whose phase cannot make it any more. */
export function rejectCall(error: ServerlessError): { Method: string; Args: unknown[] } {
  const { status, body, headers } = toHttpAnswer(error);
  return { Method: 'kong.response.exit', Args: [status, body, headers] };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where this project says what to do about a code. */
export function errorPage(code: ErrorCode): string {
  return `docs/errors.md#${code.toLowerCase()}`;
}

/**
 * The answer that a client gets for an error: problem details (RFC 9457) with Retry-After.
 *
 * @param showReasons also in the words of Dapr and of the probe, which may name hosts, components and topics. The log and the status have
 *   them in any case.
 */
export function toHttpAnswer(error: ServerlessError, showReasons = false): HttpAnswer {
  const { title, retryAfter } = KINDS[error.code];
  const { backend, lastProbe, lastPublish } = error.context;
  const status = error.context.status ?? 503;
  const body = {
    type: errorPage(error.code),
    title,
    status,
    code: error.code,
    detail: error.detail,
    ...(backend === undefined ? {} : { backend }),
    ...(lastProbe === undefined ? {} : { lastProbe: showReasons ? lastProbe : withoutWords(lastProbe) }),
    ...(lastPublish === undefined ? {} : { lastPublish: showReasons ? lastPublish : withoutWords(lastPublish) }),
  };
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'Retry-After': String(retryAfter),
    },
    body: JSON.stringify(body),
  };
}

function withoutWords(report: ProbeReport | PublishReport): object {
  return Object.fromEntries(Object.entries(report).filter(([name]) => name !== 'error' && name !== 'message'));
}
