import { createReadStream } from 'node:fs';
import { realpathSync, statSync } from 'node:fs';
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

/** Serves a folder as nginx does with its default settings: `index.html` for a folder, 404 for what is not there. */
export function pages(settings: Settings): RequestListener {
  const root = realpathSync(settings.root);
  return (request, response) => {
    const file = find(root, request.url ?? '/');
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
      answerJson(response, file === undefined ? 404 : 405, { error: file === undefined ? 'not found' : 'GET only' });
      return;
    }
    const type = types.get(file.slice(file.lastIndexOf('.') + 1)) ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': statSync(file).size });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
  };
}

function find(root: string, url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://pages').pathname);
    const named = join(root, path.endsWith('/') ? `${path}index.html` : path);
    // The real path, so that neither `..` nor a symbolic link leads out of the folder.
    const real = realpathSync(named);
    return real.startsWith(root + sep) && statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}
