import { HttpFailure, type HttpRequest, type HttpResponse } from '../../../src/adapters/http-client';
import type { Diagnosis, Examination, Surroundings } from '../../../src/doctor/diagnosis';
import { parseProcessSettings } from '../../../src/config/process-settings';

/** An answer: status, body (JSON unless it is text), headers. Missing: the connection is refused. */
export type Answers = Readonly<
  Record<string, readonly [status: number, body?: unknown, headers?: Record<string, string>]>
>;

export interface Given extends Partial<Omit<Surroundings, 'request' | 'lookup' | 'readFile' | 'readFolder'>> {
  /** By `METHOD URL`, the method only where it is not GET. */
  readonly answers?: Answers;
  /** Files by path. Folders are what the paths imply. */
  readonly files?: Readonly<Record<string, string>>;
  /** Addresses by host. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Process settings, as options. */
  readonly options?: Readonly<Record<string, string>>;
  /** Every request that is made. */
  readonly asked?: HttpRequest[];
}

export const NOW = Date.parse('2026-01-01T00:00:10.500Z');

/** A place for an examination to look at, of which only what is given is there. */
export function surroundings({
  answers = {},
  files = {},
  hosts = {},
  options = {},
  asked,
  ...rest
}: Given): Surroundings {
  const parsed = parseProcessSettings(options, {});
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return {
    settings: parsed.settings,
    socketPath: '/kong_prefix/serverless.socket',
    prefix: '/kong_prefix',
    backends: [],
    components: [],
    publish: undefined,
    management: undefined,
    scaler: undefined,
    env: {},
    now: () => NOW,
    ...rest,
    request: (request): Promise<HttpResponse> => {
      asked?.push(request);
      const { method, url } = request;
      const answer = answers[method === 'GET' ? url : `${method} ${url}`];
      if (answer === undefined) return Promise.reject(new HttpFailure('connect ECONNREFUSED', 'ECONNREFUSED'));
      const [status, body = '', headers = {}] = answer;
      return Promise.resolve({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
    },
    lookup: (host) => Promise.resolve(hosts[host] ?? []),
    readFile: (path) => files[path],
    readFolder: (path) => {
      const below = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      const names = new Set(below.map((file) => file.slice(path.length + 1).split('/')[0] ?? ''));
      return names.size === 0 ? undefined : [...names];
    },
  };
}

/** `outcome: message`, of each diagnosis. */
export async function says(examination: Examination, given: Given): Promise<string[]> {
  const found: Diagnosis[] = await examination.examine(surroundings(given));
  for (const { outcome, fix } of found) {
    // Whoever is told that something is wrong is told what to do.
    expect(fix !== undefined).toBe(outcome === 'warning' || outcome === 'error');
  }
  return found.map(({ outcome, message }) => `${outcome}: ${message}`);
}
