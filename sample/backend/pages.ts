import { createReadStream, realpathSync, statSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join, sep } from 'node:path';
import { answerJson } from './serve';
import type { Settings } from './settings';

const types = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['json', 'application/json'],
  ['svg', 'image/svg+xml'],
  ['txt', 'text/plain; charset=utf-8'],
]);

/** Serves a folder as nginx does: `index.html` for a folder, a redirect where its slash is missing, 404 for what is not there. */
export function pages(settings: Settings): RequestListener {
  const root = realpathSync(settings.root);
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answerJson(response, 405, { error: 'GET only' });
      return;
    }
    const file = find(root, request.url ?? '/');
    if (file === undefined) {
      answerJson(response, 404, { error: 'not found' });
      return;
    }
    if (statSync(file).isDirectory()) {
      response.writeHead(301, { Location: `${new URL(request.url ?? '/', 'http://pages').pathname}/` }).end();
      return;
    }
    const type = types.get(file.slice(file.lastIndexOf('.') + 1)) ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': statSync(file).size });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
  };
}

/** The file for a URL, or the folder when its slash is missing. */
function find(root: string, url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://pages').pathname);
    const named = join(root, path.endsWith('/') ? `${path}index.html` : path);
    // The real path, so that neither `..` nor a symbolic link leads out of the folder.
    const real = realpathSync(named);
    return real.startsWith(root + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}
