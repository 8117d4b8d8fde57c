import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asked, Logger } from '../core/ports';
import { send, sendJson } from './send';
import { callerOf, whyNot } from './who-may';

/** Can be asked for a backend. */
export interface Ask {
  /** Wakes it as a request would, and probes until it is ready. */
  wake(key: string): Asked;
  /** Forgets that it is ready, and what was not published yet. */
  sleep(key: string): Asked;
}

const ACTION = /^\/backends\/([^/]+)\/(wake|sleep)$/;
const DONE = {
  wake: 'It is woken, or up already. /status says when it is ready.',
  sleep:
    'It is asked whether it is ready at its next request, and nothing is said of earlier ones any more. KEDA takes its replicas away after its cooldown, if nobody else wants it: this cannot make KEDA do that sooner.',
} as const;

/** `POST /backends/{key}/wake` and `/sleep`. */
export class BackendActions {
  readonly #ask: Ask;
  readonly #token: string | undefined;
  readonly #log: Logger;

  constructor(ask: Ask, token: string | undefined, log: Logger) {
    this.#ask = ask;
    this.#token = token;
    this.#log = log;
  }

  /** False: it is another path. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    const found = ACTION.exec(path);
    if (found === null) return false;
    // Nobody reads what may have come with it.
    request.resume();
    const [key, action] = [decoded(found[1] ?? ''), found[2] as keyof typeof DONE];
    const why = whyNot(callerOf(request), this.#token);
    if (why !== undefined) {
      sendJson(response, 403, { code: 'FORBIDDEN', message: why });
      return true;
    }
    const asked = this.#ask[action](key);
    this.#log.info({ key, action, outcome: asked.kind }, 'an operator asked for a backend');
    this.#tell(asked, action, request, response);
    return true;
  }

  #tell(asked: Asked, action: keyof typeof DONE, { headers }: IncomingMessage, response: ServerResponse): void {
    switch (asked.kind) {
      case 'unknown':
        sendJson(response, 404, {
          code: 'UNKNOWN_BACKEND',
          message: 'No request has come for such a backend yet; /status has the keys of those that are known.',
        });
        return;
      case 'busy':
        sendJson(response, 409, { code: 'REQUESTS_WAIT', message: 'Requests are held for it.' });
        return;
      case 'rejected':
        sendJson(response, 503, { code: asked.code, message: asked.detail });
        return;
      case 'done':
        // A form of the page, without its script.
        if (headers.accept?.includes('text/html')) {
          response.setHeader('Location', '/');
          send(response, 303, 'text/plain', '');
        } else sendJson(response, 202, { state: asked.state, message: DONE[action] });
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
