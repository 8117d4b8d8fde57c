import { type ServerlessError, toHttpAnswer } from '../core/errors';
import type { Kong } from './contract';

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
