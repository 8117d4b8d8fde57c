import { GRPC_HEALTH_PATH } from '../core/grpc';
import { normalizePath } from '../core/match';

/** A target as the matcher compares it: normalised as Kong does, without a trailing slash except for `/` itself. */
export function normalizeTarget(target: string): string {
  return normalizePath(target).replace(/(?<=.)\/$/, '');
}

/**
 * Path that is probed through the gateway; undefined where nothing is. The target stands as it was written, because a decoded one
 * (`/a b`) cannot be sent; Kong normalises what it receives anyway.
 */
export function healthPathOf(
  { target, health }: { readonly target: string; readonly health: string },
  grpc: boolean,
): string | undefined {
  if (health !== '') return target.replace(/\/$/, '') + health;
  return grpc ? GRPC_HEALTH_PATH : undefined;
}
