import type { Origin } from '../activation/arrival';
import type { Backend } from '../core/backend';
import type { Kong } from '../kong/contract';

/** What a host name or address, with a port, can consist of. */
const HOST = /^[\w.:[\]-]{1,255}$/;
/** W3C Trace Context, section 3.2. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** The first value of a request's header; undefined where there is none. */
export async function headerOf(kong: Kong, name: string): Promise<string | undefined> {
  const value = await kong.request.get_header(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * What the first request of an activation passes on: its Host to the probe, its trace context to the wake-up. A client chooses both,
 * and everybody who waits depends on probe and wake-up: what could not be sent, or would be refused, is left out.
 */
export async function originOf(kong: Kong, backend: Backend): Promise<Origin> {
  const wantsHost = backend.probe.host === undefined && backend.probe.url === undefined;
  const host = wantsHost ? await headerOf(kong, 'Host') : undefined;
  const traceparent = await headerOf(kong, 'traceparent');
  return { host: matching(HOST, host), traceparent: matching(TRACEPARENT, traceparent) };
}

function matching(pattern: RegExp, value: string | undefined): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}
