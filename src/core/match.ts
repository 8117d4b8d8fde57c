import type { Backend, NoWakeMatcher, RequestClass } from './backend';

/**
 * Bytes that Kong leaves percent-encoded when it normalises a path: RFC 3986's reserved characters, and `%` itself.
 * Source: Kong 2.8.1, kong/tools/uri.lua.
 */
const RESERVED = new Set("!#$%&'()*+,/:;=?@[]");

function decodeTriplet(triplet: string, hex: string): string {
  const character = String.fromCharCode(Number.parseInt(hex, 16));
  return RESERVED.has(character) ? triplet.toUpperCase() : character;
}

/**
 * The path as Kong's router compares it: percent-encoded unreserved characters decoded, dot segments removed, runs of slashes
 * merged. A matcher that read the path otherwise would let `/%6bong/x` or `//kong/x` through to a sleeping backend.
 *
 * @param path of a request or a target, without its query, as a client writes it or as Kong 3.x tells it, which normalises it first.
 *   Bytes above 0x7f become one character each, as in Lua, whether they were sent encoded or as they are: do not normalise twice here.
 */
export function normalizePath(path: string): string {
  const bytes = /[\u0080-\uffff]/.test(path) ? Buffer.from(path, 'utf8').toString('latin1') : path;
  const decoded = bytes.includes('%') ? bytes.replace(/%([\da-f]{2})/gi, decodeTriplet) : bytes;
  if (!decoded.includes('.') && !decoded.includes('//')) return decoded;
  const segments = decoded.split('/').slice(1);
  const last = segments.at(-1);
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  const endsOpen = last === '' || last === '.' || last === '..';
  return `/${kept.join('/')}${endsOpen && kept.length > 0 ? '/' : ''}`;
}

/** A path as a person reads it. @param path as `normalizePath` gives it */
export function readablePath(path: string): string {
  if (!/[\u0080-\u00ff]/.test(path)) return path;
  const text = Buffer.from(path, 'latin1').toString('utf8');
  // Bytes that are no UTF-8 stay what they are.
  return text.includes('\ufffd') ? path : text;
}

/** Whether `prefix` covers `path` on a segment boundary: `/kong` covers `/kong` and `/kong/x`, not `/kongress`. Both normalised. */
export function matchesPrefix(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith('/') || path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f;
}

/**
 * The backend with the longest target that covers the path; undefined where none does.
 *
 * @param path as `normalizePath` gives it
 */
export function matchBackend<B extends Pick<Backend, 'prefix'>>(backends: readonly B[], path: string): B | undefined {
  let best: B | undefined;
  for (const backend of backends) {
    if (best !== undefined && best.prefix.length >= backend.prefix.length) continue;
    if (matchesPrefix(path, backend.prefix)) best = backend;
  }
  return best;
}

/** What a no-wake matcher looks at. */
export interface RequestFacts {
  /** As `normalizePath` gives it. */
  readonly path: string;
  readonly method: string;
  readonly userAgent: string;
  /** Whether it is of such a class. */
  readonly isOf?: (name: RequestClass) => boolean;
}

/** The first matcher that says that this request never wakes its backend. */
export function noWakeOf(matchers: readonly NoWakeMatcher[], request: RequestFacts): NoWakeMatcher | undefined {
  const { path, isOf } = request;
  const method = request.method.toUpperCase();
  const userAgent = request.userAgent.toLowerCase();
  return matchers.find((matcher) => {
    if (matcher.path !== undefined && !matchesPrefix(path, matcher.path)) return false;
    if (matcher.method !== undefined && matcher.method !== method) return false;
    if (matcher.userAgent !== undefined && !userAgent.includes(matcher.userAgent)) return false;
    return matcher.class === undefined || isOf?.(matcher.class) === true;
  });
}
