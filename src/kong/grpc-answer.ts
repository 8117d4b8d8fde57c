import type { ErrorCode, ServerlessError } from '../core/errors';
import { GRPC_STATUS } from '../core/grpc';

/** Where this project's reasons are named, as google.rpc.ErrorInfo wants it. */
const DOMAIN = 'kong-serverless';
/** Until there are other codes, whoever is rejected may try again: the gateway or its backend is unavailable. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  SERVERLESS_HOLD_TIMEOUT: GRPC_STATUS.DEADLINE_EXCEEDED,
  SERVERLESS_HOLD_OVERFLOW: GRPC_STATUS.RESOURCE_EXHAUSTED,
  SERVERLESS_WAKE_BUDGET: GRPC_STATUS.RESOURCE_EXHAUSTED,
};

/** What a gRPC client gets for an error: a response that consists of its trailers alone, which an empty body makes of headers. */
export interface GrpcAnswer {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: '';
}

/**
 * @param facts what else is known, by name
 * @param retryAfter seconds after which another try makes sense
 */
export function toGrpcAnswer(
  { code, message }: ServerlessError,
  facts: Readonly<Record<string, string>>,
  retryAfter: number,
): GrpcAnswer {
  const status = STATUSES[code] ?? GRPC_STATUS.UNAVAILABLE;
  const errorInfo = [
    text(1, code),
    text(2, DOMAIN),
    ...Object.entries(facts).map(([name, value]) => bytes(3, [text(1, name), text(2, value)])),
  ];
  const details = [
    number(1, status),
    text(2, message),
    any('google.rpc.RetryInfo', [bytes(1, [number(1, retryAfter)])]),
    any('google.rpc.ErrorInfo', errorInfo),
  ];
  return {
    status: 200,
    headers: {
      // Kong writes a status and a message of its own unless the answer says that it is gRPC already.
      'Content-Type': 'application/grpc',
      'grpc-status': String(status),
      'grpc-message': percentEncoded(message),
      'grpc-status-details-bin': Buffer.concat(details).toString('base64').replace(/=+$/, ''),
    },
    body: '',
  };
}

/** As gRPC's HTTP/2 mapping has it: what is not printable ASCII, byte by byte, and the percent sign. */
function percentEncoded(message: string): string {
  return message.replace(/[^ -$&-~]+/g, (odd) =>
    [...Buffer.from(odd)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/* Protocol Buffers, as far as google.rpc.Status needs them. */

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return Buffer.from([...out, rest]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, [Buffer.from(value)]);
}

/** A google.protobuf.Any among the details of a google.rpc.Status. */
function any(type: string, message: readonly Buffer[]): Buffer {
  return bytes(3, [text(1, `type.googleapis.com/${type}`), bytes(2, message)]);
}
