import type { HttpResponse } from '../adapters/http-client';
import type { Surroundings } from './diagnosis';

/**
 * Makes nginx itself answer 400, before Kong routes anything: a request that reached a route could wake a backend, and be held.
 * No host name has a slash.
 */
export const UNROUTED: Question = { headers: { Host: 'serverless/doctor' } };

const MAX_BYTES = 1024 * 1024;

/** An answer, or why there was none. */
export type Answer =
  | {
      readonly answered: true;
      readonly status: number;
      readonly headers: HttpResponse['headers'];
      readonly body: unknown;
    }
  | { readonly answered: false; readonly reason: string };

export interface Question {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds; 3,000 unless given. */
  readonly timeoutMs?: number;
}

/** Asks over HTTP. Never throws; a JSON body is parsed, any other is text. */
export async function ask(at: Surroundings, url: string, question: Question = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, timeoutMs = 3000 } = question;
  try {
    const response = await at.request({
      method,
      url,
      // The client does not decompress, and RabbitMQ compresses what it may.
      headers: { 'Accept-Encoding': 'identity', ...headers },
      timeoutMs,
      maxBytes: MAX_BYTES,
      ...(body === undefined ? {} : { body }),
    });
    return { answered: true, status: response.status, headers: response.headers, body: parsed(response.body) };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    return {
      answered: false,
      reason: typeof code === 'string' && !message.includes(code) ? `${message} (${code})` : message,
    };
  }
}

/** Asks the Dapr sidecar, with its token. */
export function askDapr(at: Surroundings, path: string, question: Question = {}): Promise<Answer> {
  const { daprUrl, daprToken } = at.settings;
  const headers = { ...question.headers, ...(daprToken === undefined ? {} : { 'dapr-api-token': daprToken }) };
  return ask(at, `${daprUrl}${path}`, { ...question, headers });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
