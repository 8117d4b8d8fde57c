import type { ErrorCode, ServerlessError } from '../core/errors';
import { isGrpc } from '../core/grpc';
import type { ProbeReport, PublishReport } from '../core/reports';
import type { Kong } from './contract';
import { type GrpcAnswer, toGrpcAnswer } from './grpc-answer';

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
  SERVERLESS_WAKE_BUDGET: { title: 'The backend was woken as often as it may be', retryAfter: 300 },
  SERVERLESS_CIRCUIT_OPEN: { title: 'The backend did not start the last times', retryAfter: 30 },
  SERVERLESS_NO_WAKE: { title: 'The backend sleeps, and this request does not wake it', retryAfter: 60 },
  SERVERLESS_MAINTENANCE: { title: 'The backend is in maintenance', retryAfter: 300 },
  SERVERLESS_SHUTTING_DOWN: { title: 'The gateway is shutting down', retryAfter: 1 },
  SERVERLESS_INTERNAL: { title: 'The plugin failed', retryAfter: 5 },
};

/** Seconds after which another try makes sense. */
export function retryAfterOf({ code, context }: ServerlessError): number {
  return context.retryAfter ?? KINDS[code].retryAfter;
}

/** Answers a request with an error, in the shape that its client reads. Kong does not return from it. */
export async function reject(kong: Kong, error: ServerlessError, showReasons = false): Promise<void> {
  // Whatever becomes of the question: an answer that is not made lets the request through (K10).
  const contentType = await kong.request.get_header('Content-Type').catch(() => undefined);
  const { status, body, headers } = isGrpc(typeof contentType === 'string' ? contentType : undefined)
    ? grpcAnswer(error, showReasons)
    : toHttpAnswer(error, showReasons);
  await kong.response.exit(status, body, headers);
}

/**
 * The same as a PDK call, for a request whose phase cannot make it any more, nor ask what its client reads: a gRPC client takes any 503
 * for UNAVAILABLE.
 */
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
  const { title } = KINDS[error.code];
  const status = error.context.status ?? 503;
  const body = {
    type: errorPage(error.code),
    title,
    status,
    code: error.code,
    detail: error.detail,
    ...factsOf(error, showReasons),
  };
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'Retry-After': String(retryAfterOf(error)),
    },
    body: JSON.stringify(body),
  };
}

function grpcAnswer(error: ServerlessError, showReasons: boolean): GrpcAnswer {
  const facts = Object.entries(factsOf(error, showReasons)).map(([name, fact]): [string, string] => [
    name,
    typeof fact === 'string' ? fact : JSON.stringify(fact),
  ]);
  return toGrpcAnswer(error, Object.fromEntries(facts), retryAfterOf(error));
}

/** What is known of the backend, as far as a client is told. */
function factsOf({ context }: ServerlessError, showReasons: boolean): Readonly<Record<string, string | object>> {
  const { backend, lastProbe, lastPublish } = context;
  return {
    ...(backend === undefined ? {} : { backend }),
    ...(lastProbe === undefined ? {} : { lastProbe: showReasons ? lastProbe : withoutWords(lastProbe) }),
    ...(lastPublish === undefined ? {} : { lastPublish: showReasons ? lastPublish : withoutWords(lastPublish) }),
  };
}

function withoutWords(report: ProbeReport | PublishReport): object {
  return Object.fromEntries(Object.entries(report).filter(([name]) => name !== 'error' && name !== 'message'));
}
