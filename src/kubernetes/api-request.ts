import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ApiServer } from './service-account';

/** How long the API server may take to answer, milliseconds. */
const ANSWER_MS = 10_000;

/** The API server says no, with its status and its own words. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws ApiRefusal for every other status than 200 and 201; Error where there is no answer */
export async function askApi(
  api: ApiServer,
  { method, path, body }: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: object },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // Not loaded by a process that never asks: TLS costs a few megabytes.
  const { request } = await import('node:https');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({
      ...{ host: api.host, port: api.port, method, path, ca: api.ca(), agent: false, signal, timeout: ANSWER_MS },
      headers: {
        Authorization: `Bearer ${api.token()}`,
        Accept: 'application/json',
        'User-Agent': 'kong-serverless',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
    });
    asked.on('timeout', () => {
      asked.destroy(new Error('the API server is silent'));
    });
    asked.on('response', resolve);
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
  if (response.statusCode === 200 || response.statusCode === 201) return response;
  throw new ApiRefusal(response.statusCode ?? 0, (await text(response)).slice(0, 500));
}
