import type { RequestListener } from 'node:http';
import type { Settings } from './settings';
import { answerJson } from './serve';

/** A service that answers JSON under its own path: `/foo`, `/foo/anything`, and `/foo/healthz` for probes. */
export function service(settings: Settings): RequestListener {
  const base = `/${settings.name}`;
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === `${base}/healthz`) {
      answerJson(response, 200, { status: 'ok' });
    } else if (path === base || path.startsWith(`${base}/`)) {
      answerJson(response, 200, { service: settings.name, method: request.method, path, replica: settings.replica });
    } else {
      answerJson(response, 404, { error: `${settings.name} answers under ${base}` });
    }
  };
}
