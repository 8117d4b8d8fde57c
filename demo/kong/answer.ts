import type { Exchange } from './pdk';

/** A request that Kong answers itself. */
export type Asked = Pick<Exchange, 'request' | 'response' | 'version' | 'requestId'>;

/** Answers with a message of Kong's own: JSON in 2.8, in 3.x what the client accepts, or JSON. */
export function answer(asked: Asked, status: number, message: string): void {
  if (asked.version.isThree) answerAs(asked, status, message, acceptedBy(asked, 'application/json'));
  else send(asked, status, 'application/json', JSON.stringify({ message }));
}

/** Answers as Kong's error page does, in the format that the client accepts (kong/error_handlers.lua). */
export function answerError(asked: Asked, status: number, message: string): void {
  const { headers } = asked.request;
  answerAs(asked, status, message, acceptedBy(asked, headers['content-type'] ?? 'text/plain'));
}

function acceptedBy({ request }: Asked, otherwise: string): string {
  const [type = ''] = (request.headers.accept ?? otherwise).split(/[;,]/);
  return type.trim();
}

function answerAs(asked: Asked, status: number, message: string, type: string): void {
  const id = asked.requestId;
  if (type === 'text/plain' || type === 'text/*') {
    send(asked, status, 'text/plain', `${message}\n${id === undefined ? '' : `request_id: ${id}\n`}`);
  } else if (type === 'text/html') {
    send(asked, status, 'text/html', htmlOf(message, id));
  } else {
    const more = id === undefined ? '' : `,\n  "request_id":"${id}"`;
    send(asked, status, 'application/json', `{\n  "message":"${message}"${more}\n}`);
  }
}

function send({ response, version }: Asked, status: number, type: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.removeHeader('Via');
  response.removeHeader('X-Kong-Proxy-Latency');
  response.setHeader('Server', `kong/${version.number}`);
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}

function htmlOf(message: string, id: string | undefined): string {
  const title = id === undefined ? 'Kong Error' : 'Error';
  const more = id === undefined ? '' : `\n    <p>request_id: ${id}</p>`;
  return `<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    <title>${title}</title>
  </head>
  <body>
    <h1>${title}</h1>
    <p>${message}.</p>${more}
  </body>
</html>
`;
}
