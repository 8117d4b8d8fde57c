/** gRPC's status codes, by the names that its specification gives them. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The standard health service's method, as a path. */
export const GRPC_HEALTH_PATH = '/grpc.health.v1.Health/Check';

/** `application/grpc` with any encoding of its messages, and not grpc-web, whose clients read no trailers. */
const CONTENT_TYPE = /^application\/grpc(?:$|[+; ])/i;

/** Whether a request with this Content-Type is a gRPC call. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && CONTENT_TYPE.test(contentType);
}
