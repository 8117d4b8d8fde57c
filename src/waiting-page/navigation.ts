import { normalizePath } from '../core/match';
import { prefersHtml } from './accept';

/** Headers of a request by their name in lower case, each with its first value. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** The page's script sends it, with its token, to ask how the wake-up goes; the answer says it in the header of the same name. */
export const STATUS_HEADER = 'x-serverless-waiting';

/**
 * Whether a person's browser wants to show the answer as a page. A form that is posted is not one: it must reach its backend, and must
 * not be sent again.
 */
export function isNavigation(method: string, headers: Headers): boolean {
  if (method !== 'GET' || headers['x-requested-with'] !== undefined) return false;
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? prefersHtml(headers['accept']) : mode === 'navigate';
}

/**
 * Whether the page itself asks for its successor, as it does without JavaScript: its browser shows it meanwhile, so that this one
 * may be held for longer. Nobody has clicked; what else is sent alike, by a script, is only held for longer.
 *
 * @param path without the query, normalised
 */
export function isRefresh(headers: Headers, path: string): boolean {
  const { host, referer } = headers;
  if (host === undefined || referer === undefined || headers['sec-fetch-user'] !== undefined) return false;
  try {
    const from = new URL(referer);
    // The scheme is left out: TLS may have ended in front of the gateway. So is a port, which only one of the two may name.
    return from.hostname === new URL(`http://${host}`).hostname && normalizePath(from.pathname) === path;
  } catch {
    return false;
  }
}
