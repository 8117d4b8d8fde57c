import type { Backend, NoWakeAnswer, NoWakeMatcher } from '../core/backend';
import { noWakeOf } from '../core/match';
import type { Kong } from '../kong/contract';
import { isOfClass } from './request-class';
import { headerOf } from './request-origin';

/** What the entries of a backend look at. */
interface Needs {
  readonly preflights: boolean;
  readonly methods: boolean;
  readonly agents: boolean;
}

const needs = new WeakMap<Backend['noWake'], Needs>();

function needsOf(noWake: Backend['noWake']): Needs {
  const known = needs.get(noWake);
  if (known !== undefined) return known;
  const preflights = noWake.some((matcher) => matcher.class === 'preflight');
  const found = {
    preflights,
    methods: preflights || noWake.some((matcher) => matcher.method !== undefined || matcher.class === 'head'),
    agents: noWake.some(
      (matcher) => matcher.userAgent !== undefined || matcher.class === 'probe' || matcher.class === 'bot',
    ),
  };
  needs.set(noWake, found);
  return found;
}

/** The entry of `no_wake` that a request matches. Asks Kong only for what decides. @param path normalised */
export async function readNoWake(backend: Backend, path: string, kong: Kong): Promise<NoWakeMatcher | undefined> {
  const { noWake } = backend;
  if (noWake.length === 0) return undefined;
  const { preflights, methods, agents } = needsOf(noWake);
  const method = methods ? await kong.request.get_method() : '';
  const userAgent = agents ? ((await headerOf(kong, 'User-Agent')) ?? '') : '';
  const isOptions = preflights && method === 'OPTIONS';
  const origin = isOptions ? await headerOf(kong, 'Origin') : undefined;
  const accessControlRequestMethod = isOptions ? await headerOf(kong, 'Access-Control-Request-Method') : undefined;
  const facts = { method, userAgent, origin, accessControlRequestMethod };
  return noWakeOf(noWake, { path, method, userAgent, isOf: (name) => isOfClass(name, facts) });
}

/** Answers a request that must not wake the backend with what its entry says. Kong does not return from it. */
export async function answerStatically(kong: Kong, status: number, { body, headers }: NoWakeAnswer): Promise<void> {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  await kong.response.exit(status, body ?? '', {
    ...(body === undefined || names.has('content-type') ? {} : { 'Content-Type': 'text/plain; charset=utf-8' }),
    ...(names.has('cache-control') ? {} : { 'Cache-Control': 'no-store' }),
    ...headers,
  });
}
