import type { Backend } from '../core/backend';
import { type ErrorCode, ServerlessError } from '../core/errors';
import type { ProbeReport, PublishReport } from '../core/reports';
import type { WakeDenied } from './wake-limits';

const DETAILS: Readonly<Partial<Record<ErrorCode, string>>> = {
  SERVERLESS_HOLD_TIMEOUT: 'The health path of the backend did not pass before the hold deadline.',
  SERVERLESS_HOLD_OVERFLOW: 'The limit of requests held at once is reached.',
  SERVERLESS_WAKE_REFUSED: 'Dapr refused the wake-up message, so the backend cannot be woken.',
  SERVERLESS_NO_WAKE: 'The backend sleeps, and the configuration says that such a request does not wake it.',
};

/** The code that a client is told: that a wake-up was not allowed is no refusal of Dapr's. */
export function codeOf(code: ErrorCode, denied: WakeDenied | undefined): ErrorCode {
  return code === 'SERVERLESS_WAKE_REFUSED' && denied !== undefined ? denied.code : code;
}

interface RejectedPublish {
  readonly lastReport: PublishReport | undefined;
  readonly limits: { readonly denied: WakeDenied | undefined };
}

/**
 * The answer of a request that is not let through, with what is known of its backend.
 *
 * @param probing what its last probe got
 * @param publishing what Dapr said last of this backend, and why it was not asked
 * @param pods those that run or start; undefined where Kubernetes cannot be asked
 */
export function rejection(
  code: ErrorCode,
  { target }: Pick<Backend, 'target'>,
  { lastReport: lastProbe }: { readonly lastReport: ProbeReport | undefined },
  { lastReport: lastPublish, limits: { denied } }: RejectedPublish,
  pods: readonly unknown[] | undefined,
): ServerlessError {
  if (denied !== undefined && codeOf(code, denied) !== code) {
    const retryAfter = Math.ceil(denied.retryAfterMs / 1000);
    return new ServerlessError(denied.code, denied.detail, { backend: target, lastProbe, retryAfter });
  }
  return new ServerlessError(code, detailOf(code, lastPublish, pods), {
    backend: target,
    lastProbe,
    lastPublish,
  });
}

/** What happened, in a sentence for the client. */
function detailOf(
  code: ErrorCode,
  lastPublish: PublishReport | undefined,
  pods: readonly unknown[] | undefined,
): string {
  const detail = DETAILS[code] ?? code;
  if (code === 'SERVERLESS_HOLD_TIMEOUT' && pods !== undefined && pods.length > 0)
    return `${detail} A pod of it is there, and did not pass: do its image and its health path work?`;
  if (code !== 'SERVERLESS_HOLD_TIMEOUT' || lastPublish?.outcome !== 'accepted') return detail;
  // Dapr accepts a message for which there is no queue as well (D3).
  return `${detail} Dapr took the wake-up: is a queue bound to its topic, and does it scale the backend?`;
}
