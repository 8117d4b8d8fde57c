import type { ServerResponse } from 'node:http';

/** Answers with a JSON body of Kong's own, which marks what did not come from a backend. */
export function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.removeHeader('Via');
  response.removeHeader('X-Kong-Proxy-Latency');
  response.setHeader('Server', 'kong/2.8.1');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}
