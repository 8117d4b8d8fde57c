import type { Fallback, FallbackReason } from '../core/backend';
import type { ErrorCode } from '../core/errors';
import type { Kong } from '../kong/contract';

const REASONS: Partial<Record<ErrorCode, FallbackReason>> = {
  SERVERLESS_HOLD_TIMEOUT: 'timeout',
  SERVERLESS_HOLD_OVERFLOW: 'overflow',
  SERVERLESS_WAKE_REFUSED: 'unwoken',
  SERVERLESS_WAKE_BUDGET: 'unwoken',
  SERVERLESS_CIRCUIT_OPEN: 'unwoken',
  SERVERLESS_MAINTENANCE: 'maintenance',
};

/** Why a request goes to the fallback in place of being answered with this error; undefined: it is answered. */
export function fallbackReason(fallback: Fallback | undefined, code: ErrorCode): FallbackReason | undefined {
  const reason = REASONS[code];
  return reason !== undefined && fallback?.on.includes(reason) === true ? reason : undefined;
}

/** Sends a request to the fallback, and lets its client see that. */
export async function goToFallback(
  kong: Kong,
  { host, port }: Fallback,
  reason: FallbackReason | 'waking',
): Promise<void> {
  await kong.service.set_target(host, port);
  await kong.response.set_header('X-Serverless-Fallback', reason);
}
