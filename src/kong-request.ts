import type { Origin } from './activation/activator';
import type { Backend } from './core/backend';
import type { Kong } from './kong';

/** The first value of a request's header; undefined where there is none. */
export async function headerOf(kong: Kong, name: string): Promise<string | undefined> {
  const value = await kong.request.get_header(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What the first request of an activation passes on: its Host to the probe, its trace context to the wake-up. */
export async function originOf(kong: Kong, backend: Backend): Promise<Origin> {
  const wantsHost = backend.probe.host === undefined && backend.probe.url === undefined;
  const host = wantsHost ? await headerOf(kong, 'Host') : undefined;
  return { host, traceparent: await headerOf(kong, 'traceparent') };
}
