import type { Backend } from '../core/backend';
import { normalizePath } from '../core/match';

/** The health path of a backend as it is asked for. */
export interface HealthUrl {
  readonly url: URL;
  /** False: it is asked directly, and not by way of the gateway. */
  readonly throughGateway: boolean;
  /** As the backend's configuration has it. */
  readonly healthPath: string;
  /** The path of a probe, as the access phase will compare it. */
  readonly normalPath: string;
}

export function healthUrl(
  { probe, healthPath = '/' }: Pick<Backend, 'probe' | 'healthPath'>,
  gatewayUrl: string,
): HealthUrl {
  // In a URL a backslash is a slash; in a path it is a character of its own, which Kong reads in either form.
  const url = new URL(probe.url ?? gatewayUrl.replace(/\/+$/, '') + healthPath.replaceAll('\\', '%5C'));
  return { url, throughGateway: probe.url === undefined, healthPath, normalPath: normalizePath(url.pathname) };
}
