import type { Backend } from '../core/backend';
import type { Kong } from '../kong/contract';
import { headerOf } from './request-origin';

/** So that a backend that is up, and has only to be asked, answers itself. */
const LEAST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;
const RETRY_AFTER = { least: 1, most: 30 };

/**
 * For how long a client wants to wait that would rather be told than held (RFC 7240, `respond-async` and `wait`), milliseconds. Only what
 * may be repeated: 202 for a POST would say that it was taken.
 */
export async function preferredWaitMs(kong: Kong, { respondAsync }: Backend): Promise<number | undefined> {
  if (respondAsync !== true) return undefined;
  const preferences = ((await headerOf(kong, 'Prefer')) ?? '').toLowerCase().split(/[,;]/);
  const names = preferences.map((one) => one.trim());
  if (!names.includes('respond-async')) return undefined;
  const method = await kong.request.get_method();
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  const seconds = names
    .map((name) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(name)?.[1])
    .find((found) => found !== undefined);
  return Math.min(LONGEST_WAIT_MS, Math.max(LEAST_WAIT_MS, Number(seconds ?? 0) * 1000));
}

/** Answers that the backend wakes, and that the same request will tell. @param secondsLeft as far as that is known */
export async function acceptLater(kong: Kong, secondsLeft: number | undefined): Promise<void> {
  // As the client wrote it: one that is normalised may not be written into a header.
  const path = await kong.request.get_path_with_query();
  const retryAfter = Math.min(RETRY_AFTER.most, Math.max(RETRY_AFTER.least, secondsLeft ?? RETRY_AFTER.least));
  const body = { state: 'waking', secondsLeft, statusAddress: path };
  await kong.response.exit(202, JSON.stringify(body), {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Preference-Applied': 'respond-async',
    'Retry-After': String(retryAfter),
    Location: path,
    Vary: 'Prefer',
    'X-Serverless-Waiting': 'waiting',
  });
}
