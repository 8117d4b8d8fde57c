import type { ServerResponse } from 'node:http';
import type { Exchange } from './pdk';

/** Answers with a JSON body of Kong's own. */
export function answer(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

/** Answers as Kong's error page does, in the format that the client accepts (kong/error_handlers.lua). */
export function answerError({ request, response }: Exchange, status: number, message: string): void {
  const accepted = request.headers.accept ?? request.headers['content-type'] ?? 'text/plain';
  const [type = ''] = accepted.split(/[;,]/);
  if (type.trim() === 'text/plain' || type.trim() === 'text/*') {
    send(response, status, 'text/plain; charset=utf-8', `${message}\n`);
  } else if (type.trim() === 'text/html') {
    send(response, status, 'text/html; charset=utf-8', htmlOf(message));
  } else {
    send(response, status, 'application/json; charset=utf-8', `{\n  "message":"${message}"\n}`);
  }
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.removeHeader('Via');
  response.removeHeader('X-Kong-Proxy-Latency');
  response.setHeader('Server', 'kong/2.8.1');
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}

function htmlOf(message: string): string {
  return `<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    <title>Kong Error</title>
  </head>
  <body>
    <h1>Kong Error</h1>
    <p>${message}.</p>
  </body>
</html>
`;
}
