import type { ErrorCode } from '../core/errors';
import type { PublishReport } from '../core/reports';

const DETAILS: Readonly<Partial<Record<ErrorCode, string>>> = {
  SERVERLESS_HOLD_TIMEOUT: 'The health path of the backend did not pass before the hold deadline.',
  SERVERLESS_HOLD_OVERFLOW: 'The limit of requests held at once is reached.',
  SERVERLESS_WAKE_REFUSED: 'Dapr refused the wake-up message, so the backend cannot be woken.',
  SERVERLESS_NO_WAKE: 'The backend sleeps, and the configuration says that such a request does not wake it.',
};

/**
 * What happened, in a sentence for the client.
 *
 * @param lastPublish what Dapr said last of this backend
 */
export function detailOf(code: ErrorCode, topic: string, lastPublish: PublishReport | undefined): string {
  const detail = DETAILS[code] ?? code;
  if (code !== 'SERVERLESS_HOLD_TIMEOUT' || lastPublish?.outcome !== 'accepted') return detail;
  // Dapr accepts a message for which there is no queue as well (D3).
  return `${detail} Dapr took the wake-up for topic ${topic}: is a queue bound to it, and does it scale the backend?`;
}
