import { matchesPrefix, normalizePath } from '../core/match';
import type { Kong } from '../kong/contract';

/** A path that is a prefix in Kong's router. With any other character, or `~` first since 3.0, it is a regular expression. */
const PREFIX = /^\/[\w.~/%-]*$/;
/** A regular expression for one path, as the ingress controller writes it. */
const EXACT = /^~?(\/[\w~/%-]*)\$$/;

/** Whether every request of the route that this one came by is for the target. False where that cannot be told. @param target normalised */
export async function routeIsWithin(target: string, kong: Kong): Promise<boolean> {
  if (target === '/') return true;
  try {
    const route = (await kong.router.get_route()) as { readonly paths?: unknown } | null | undefined;
    const paths = route?.paths;
    return Array.isArray(paths) && paths.length > 0 && paths.every((path) => pathIsWithin(target, path));
  } catch {
    // Then each request is looked at, which is only slower.
    return false;
  }
}

function pathIsWithin(target: string, path: unknown): boolean {
  if (typeof path !== 'string') return false;
  const literal = PREFIX.test(path) ? path : EXACT.exec(path)?.[1];
  return literal !== undefined && matchesPrefix(normalizePath(literal), target);
}
