import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Journal } from '../journal';
import { normalPath } from './normal-path';
import { hostOf, type Route } from './routes';
import type { KongVersion } from './version';

/** One request on its way through the gateway. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Pick<Route, 'id' | 'match' | 'path' | 'service'>;
  readonly version: KongVersion;
  /** Kong 3.x gives each request one. */
  readonly requestId: string | undefined;
  /** The one address that a plugin sends the request to; undefined: whichever replica's turn it is. */
  target?: string;
  /** Set once a plugin has answered the request: it is not proxied. */
  answered: boolean;
  /** Aborted when the client left. */
  readonly clientLeft: AbortSignal;
}

/** Invalid arguments of a PDK function: Kong answers the request 500. */
export class PdkError extends Error {}

/** What a PDK function returned; no value is nil. */
export type PdkResult = string | number | object | undefined;

type PdkFunction = (exchange: Exchange, args: readonly unknown[]) => PdkResult;

/** Exactly the calls of `src/kong/contract.ts`: with any other set a plugin would work on Kong but not in the demo, or the reverse. */
const functions = new Map<string, PdkFunction>([
  ['kong.nginx.get_var', (_exchange, [name]) => (name === 'pid' ? String(process.pid) : undefined)],
  ['kong.request.get_path', pathOf],
  ['kong.request.get_method', ({ request }) => request.method],
  ['kong.request.get_header', ({ request }, [name]) => firstOf(request.headersDistinct[lowerCase(name)])],
  ['kong.request.get_headers', ({ request }) => ({ ...request.headers })],
  ['kong.router.get_service', ({ route }) => ({ host: hostOf(route.service) })],
  ['kong.router.get_route', routeInKong],
  ['kong.response.set_header', setHeader],
  ['kong.response.exit', exit],
  ['kong.service.set_target', setTarget],
  ['kong.service.request.set_header', setRequestHeader],
  ['kong.service.request.clear_header', clearHeader],
]);

/** Runs one PDK call of a plugin, as `call_pdk_method` of Kong does. Throws PdkError. */
export function callPdk(method: string, args: readonly unknown[], exchange: Exchange, journal: Journal): PdkResult {
  const level = /^kong\.log\.(err|warn|notice)$/.exec(method)?.[1];
  if (level !== undefined) {
    const text = args.map(String).join('');
    if (level === 'err') journal.error('plugin', text);
    else if (level === 'warn') journal.warn('plugin', text);
    else journal.info('plugin', text);
    return undefined;
  }
  const call = functions.get(method);
  if (call === undefined) {
    // Kong logs this and returns nil.
    journal.error('gateway', `could not find pdk method: ${method}`);
    return undefined;
  }
  return call(exchange, args);
}

function pathOf({ request, version }: Exchange): string {
  const [path = '/'] = (request.url ?? '/').split('?');
  return version.isThree ? normalPath(path) : path;
}

/** The ingress controller has every route keep the client's Host, unless an annotation says otherwise, which the demo does not take. */
function routeInKong({ route, version }: Exchange): object {
  return { id: route.id, paths: [pathInKong(route, version)], preserve_host: true };
}

/** Kong has an exact path as a regular expression, which 3.x marks. */
function pathInKong({ match, path }: Exchange['route'], { isThree }: KongVersion): string {
  if (match !== 'exact') return path;
  return isThree ? `~${path}$` : `${path}$`;
}

function setHeader({ response }: Exchange, [name, value]: readonly unknown[]): undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new PdkError('header value must be a string, number, boolean or array of strings');
  }
  response.setHeader(text(name, 'header name must be a string'), String(value));
}

/** Kong forgets the client's Host with it (K28). */
function setTarget(exchange: Exchange, [host, port]: readonly unknown[]): undefined {
  const address = text(host, 'host must be a string');
  if (typeof port !== 'number' || !Number.isInteger(port)) throw new PdkError('port must be an integer');
  exchange.target = `${address}:${port}`;
  exchange.request.headers.host = address;
}

function setRequestHeader({ request }: Exchange, [name, value]: readonly unknown[]): undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new PdkError(`invalid value type for header: expected "string", got "${typeof value}"`);
  }
  request.headers[lowerCase(name)] = String(value);
}

function clearHeader({ request }: Exchange, [name]: readonly unknown[]): undefined {
  Reflect.deleteProperty(request.headers, lowerCase(name));
}

function exit(exchange: Exchange, [status, body, headers]: readonly unknown[]): undefined {
  if (typeof status !== 'number' || status < 100 || status > 599) {
    throw new PdkError('code must be a number between 100 and 599');
  }
  const { response, version } = exchange;
  exchange.answered = true;
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, string>))
    response.setHeader(name, value);
  response.setHeader('Server', `kong/${version.number}`);
  let content = '';
  if (typeof body === 'string') content = body;
  else if (body !== null && body !== undefined) {
    content = JSON.stringify(body);
    if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  }
  response.setHeader('Content-Length', Buffer.byteLength(content));
  response.statusCode = status;
  response.end(content);
}

function lowerCase(name: unknown): string {
  return text(name, 'header name must be a string').toLowerCase();
}

function text(value: unknown, problem: string): string {
  if (typeof value !== 'string') throw new PdkError(problem);
  return value;
}

function firstOf(values: readonly string[] | undefined): string | undefined {
  return values?.[0];
}
