import type { RequestListener } from 'node:http';
import type { Settings } from './settings';
import { long } from './long';
import { answerJson } from './serve';

/** A service that answers JSON under its own path: `/foo`, `/foo/anything`, and `/foo/healthz` for probes; and long things to try. */
export function service(settings: Settings): RequestListener {
  const base = `/${settings.name}`;
  const longAnswers = long(settings);
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const longAnswer = path.startsWith(`${base}/`) ? longAnswers.get(path.slice(base.length + 1)) : undefined;
    if (longAnswer !== undefined && request.method === 'GET') {
      longAnswer(request, response);
    } else if (path === `${base}/healthz`) {
      answerJson(response, 200, { status: 'ok' });
    } else if (path === base || path.startsWith(`${base}/`)) {
      answerJson(response, 200, { service: settings.name, method: request.method, path, replica: settings.replica });
    } else {
      answerJson(response, 404, { error: `${settings.name} answers under ${base}` });
    }
  };
}
