import type { Wanted } from '../activation/arrival';
import type { Origin } from '../activation/origin';
import { traceContext, type TraceContext } from '../core/tracing';
import type { Kong } from '../kong/contract';
import type { RouteReader } from './destination';

/** What a host name or address, with a port, can consist of. */
const HOST = /^[\w.:[\]-]{1,255}$/;

/** The first value of a request's header; undefined where there is none. */
export async function headerOf(kong: Kong, name: string): Promise<string | undefined> {
  const value = await kong.request.get_header(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Reads what a request on hold passes on: its Host to the probe, its trace context to the wake-up, its route to whoever
 * follows the pods there. A client chose Host and trace: what could not be sent, or would be refused, is left out.
 */
export async function readOrigin(kong: Kong, wants: Wanted, route: RouteReader): Promise<Origin> {
  const trace = wants.trace ? await readTrace(kong) : undefined;
  const host = wants.host ? await headerOf(kong, 'Host') : undefined;
  const facts = wants.route ? await route.read(kong) : undefined;
  return {
    host: matching(HOST, host),
    traceparent: trace?.traceparent,
    tracestate: trace?.tracestate,
    service: facts?.service,
    preservesHost: facts?.preservesHost,
  };
}

/** The trace context that a request came with. */
export async function readTrace(kong: Kong): Promise<TraceContext | undefined> {
  const traceparent = await headerOf(kong, 'traceparent');
  const trace = traceContext(traceparent, undefined);
  return trace && traceContext(traceparent, await headerOf(kong, 'tracestate'));
}

function matching(pattern: RegExp, value: string | undefined): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}
