import { ask } from '../ask';
import { type Examination, error, ok, skipped, warning } from '../diagnosis';
import { statusUrl } from '../status-url';

export const statusListener: Examination = {
  id: 'status-listener',
  title: 'The status listener answers, and the plugin server is the active one',
  why: 'Metrics and readiness come from there; a server that stands by gets no calls from Kong.',
  async examine(at) {
    const url = statusUrl(at);
    if (url === undefined) return [skipped('The status listener is off.')];
    const health = await ask(at, `${url}/healthz`);
    if (!health.answered) {
      return [
        warning(`${url}: ${health.reason}.`, 'Set SERVERLESS_STATUS_LISTEN as for the plugin server, or to off.'),
      ];
    }
    if (health.status === 200) return [ok(`${url} answers: this plugin server is active.`)];
    if (health.status === 503) {
      return [
        error(
          `${url}: this plugin server stands by for another.`,
          'Look for the process that owns the socket, and ask that one.',
        ),
      ];
    }
    return [
      warning(
        `${url}/healthz answers ${health.status}.`,
        'Something else listens there: give the status listener another port.',
      ),
    ];
  },
};
