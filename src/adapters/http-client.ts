import type { Readable } from 'node:stream';
import type { AxiosStatic } from 'axios' with { 'resolution-mode': 'import' };
import type { ConnectionPool } from './connection-pool';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, milliseconds. */
  readonly timeoutMs: number;
  /** Body bytes read before the connection is closed; what lies beyond is not kept. */
  readonly maxBytes: number;
  /** Connections to use; without it, one for this exchange alone. */
  readonly pool?: ConnectionPool;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `maxBytes` of it. */
  readonly body: string;
}

/**
 * axios takes 60 ms and 14 MB to load, so a process that nobody asks for anything does without: the first exchange loads it, or a
 * plugin instance that starts.
 */
export async function loadHttpClient(): Promise<AxiosStatic> {
  return (await import('axios')).default;
}

/** No answer: refused, reset, timed out, not HTTP. `code` is Node's (`ECONNREFUSED`) or `ETIMEDOUT`. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

function failure(error: unknown, timedOut: boolean, timeoutMs: number): HttpFailure {
  if (timedOut) return new HttpFailure(`no answer within ${timeoutMs} ms`, 'ETIMEDOUT');
  const { code, message } = error as { code?: unknown; message?: unknown };
  const name = typeof code === 'string' ? code : 'EFAILED';
  return new HttpFailure(typeof message === 'string' && message !== '' ? message : name, name);
}

/** Reads up to `maxBytes`; a body that is longer ends with its connection, so that an endless one costs nothing more. */
async function readBounded(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break; // leaving the loop destroys the stream
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

/**
 * One HTTP exchange: no redirect is followed, no proxy of the environment is used, every status is an answer.
 *
 * @throws HttpFailure when there is no answer within `timeoutMs`
 */
export async function request(options: HttpRequest): Promise<HttpResponse> {
  const { timeoutMs, maxBytes } = options;
  const axios = await loadHttpClient();
  const agent = await options.pool?.agent();
  // axios' own timeout ends with the response's headers; a body that never ends needs this one.
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
  }, timeoutMs);
  try {
    const response = await axios.request<Readable>({
      method: options.method,
      url: options.url,
      // Nothing here decompresses.
      headers: { 'Accept-Encoding': 'identity', ...options.headers },
      data: options.body,
      responseType: 'stream',
      maxRedirects: 0,
      proxy: false,
      decompress: false,
      validateStatus: () => true,
      transformRequest: (body: unknown) => body,
      signal: deadline.signal,
      ...(agent === undefined ? {} : { httpAgent: agent, httpsAgent: agent }),
    });
    const body = await readBounded(response.data, maxBytes);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) headers[name.toLowerCase()] = String(value);
    return { status: response.status, headers, body };
  } catch (error) {
    throw failure(error, deadline.signal.aborted, timeoutMs);
  } finally {
    clearTimeout(timer);
  }
}
