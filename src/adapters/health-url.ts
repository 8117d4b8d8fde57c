import type { Backend } from '../core/backend';
import { GRPC_HEALTH_PATH } from '../core/grpc';
import { normalizePath } from '../core/match';
import { GrpcHealth } from './grpc-health';
import type { HealthClient } from './health-client';
import { HttpHealth } from './http-health';

/** The health path of a backend as it is asked for. */
export interface HealthUrl {
  readonly url: URL;
  /** It is a method of gRPC. */
  readonly grpc: boolean;
  /** False: it is asked directly, and not by way of the gateway. */
  readonly throughGateway: boolean;
  /** As the backend's configuration has it. */
  readonly healthPath: string;
  /** The path of a probe, as the access phase will compare it. */
  readonly normalPath: string;
}

/** Kong's proxy listeners that probes go through. */
export interface GatewayUrls {
  readonly http: string;
  /** One that speaks HTTP/2. */
  readonly grpc: string;
}

export function healthUrl(
  { probe, healthPath = '/' }: Pick<Backend, 'probe' | 'healthPath'>,
  gateway: GatewayUrls,
): HealthUrl {
  const { grpc, url: direct } = probe;
  const origin = (grpc ? gateway.grpc : gateway.http).replace(/\/+$/, '');
  // In a URL a backslash is a slash; in a path it is a character of its own, which Kong reads in either form.
  const url = new URL(direct ?? origin + healthPath.replaceAll('\\', '%5C'));
  if (grpc && url.pathname === '/') url.pathname = GRPC_HEALTH_PATH;
  return { url, grpc, throughGateway: direct === undefined, healthPath, normalPath: normalizePath(url.pathname) };
}

/** @param connections how many it may use at once; HTTP/2 needs one */
export function healthClient({ grpc, url }: HealthUrl, connections: number): HealthClient {
  return grpc ? new GrpcHealth(url) : new HttpHealth(url, connections);
}
