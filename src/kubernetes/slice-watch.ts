import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Clock, Logger } from '../core/ports';
import { isRecord } from '../core/types';
import { ApiRefusal, askApi } from './api-request';
import type { Slice } from './endpoint-slices';
import { readSlice } from './endpoint-slices';
import type { ApiServer } from './service-account';

/** How long the API server keeps one watch open, seconds; it sends a bookmark about once a minute. */
const WATCH_SECONDS = 300;
/** A connection on which nothing comes for so long is dead, milliseconds. */
const SILENCE_MS = 90_000;
/** Pauses before a watch that failed begins anew: the first, and the longest, milliseconds. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A watch that ends sooner than this is followed by a pause, milliseconds. */
const BRIEF_MS = 5000;
/** Slices in one answer of a list. */
const PAGE = 500;

export interface SliceWatchOptions {
  readonly api: ApiServer;
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every change, and the whole at the start. Undefined: nothing is known, until the next call. */
  readonly onChange: (slices: ReadonlyMap<string, Slice> | undefined) => void;
}

/**
 * Watches the EndpointSlices of one namespace, as Kubernetes' clients do: lists them, follows what changes from that version on, goes on
 * from the last version when the API server ends the watch, and lists anew when that version is too old (410). A written-out client
 * rather than a library, see ADR 8.
 */
export class SliceWatch {
  readonly #options: SliceWatchOptions;
  #slices = new Map<string, Slice>();
  readonly #end = new AbortController();
  #pauseMs = FIRST_PAUSE_MS;
  #problem: string | undefined;

  constructor(options: SliceWatchOptions) {
    this.#options = options;
  }

  /** Why the last attempt failed; undefined once one has not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Watches until `stop`. Never rejects. */
  async run(): Promise<void> {
    const { clock } = this.#options;
    let version: string | undefined;
    while (!this.#isStopped()) {
      const since = clock.now();
      try {
        version ??= await this.#list();
        version = await this.#follow(version);
      } catch (error) {
        version = undefined;
        if (this.#isStopped()) return;
        // Gone: what happened in between is not known, and a new list tells. Anything else may last.
        if (!(error instanceof ApiRefusal && error.status === 410)) this.#lost(error);
      }
      // An API server that ends every watch at once is not asked in a loop.
      if (clock.now() - since < BRIEF_MS) await this.#pause();
      else this.#pauseMs = FIRST_PAUSE_MS;
    }
  }

  stop(): void {
    this.#end.abort();
  }

  #isStopped(): boolean {
    return this.#end.signal.aborted;
  }

  /** All slices. Returns the version that they are of. */
  async #list(): Promise<string> {
    const found = new Map<string, Slice>();
    let version: string;
    let next = '';
    do {
      const page: unknown = JSON.parse(
        await text(await this.#get({ limit: String(PAGE), ...(next === '' ? {} : { continue: next }) })),
      );
      const { metadata, items } = isRecord(page) ? page : {};
      for (const item of Array.isArray(items) ? items : []) keep(found, readSlice(item));
      ({ resourceVersion: version, continue: next } = versionOf(metadata));
    } while (next !== '');
    this.#slices = found;
    this.#tell();
    return version;
  }

  /** Follows what changes. Resolves with the last version when the API server ends the watch. */
  async #follow(from: string): Promise<string> {
    const response = await this.#get({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(WATCH_SECONDS),
    });
    let version = from;
    response.socket.setTimeout(SILENCE_MS);
    for await (const line of linesOf(response)) {
      const event: unknown = JSON.parse(line);
      if (!isRecord(event)) continue;
      const object = isRecord(event.object) ? event.object : {};
      if (event.type === 'ERROR') throw new ApiRefusal(Number(object.code), String(object.message));
      version = versionOf(object.metadata).resourceVersion || version;
      if (event.type !== 'BOOKMARK') this.#apply(String(event.type), readSlice(object));
    }
    return version;
  }

  #apply(type: string, slice: Slice | undefined): void {
    if (slice === undefined) return;
    if (type === 'DELETED') this.#slices.delete(slice.name);
    else this.#slices.set(slice.name, slice);
    this.#tell();
  }

  #tell(): void {
    this.#problem = undefined;
    this.#options.onChange(this.#slices);
  }

  #lost(error: unknown): void {
    const { logger, namespace, onChange } = this.#options;
    if (this.#problem === undefined) logger.warn({ err: error, namespace }, warningFor(error, namespace));
    this.#problem = error instanceof ApiRefusal ? `${error.status}` : (error as Error).message;
    onChange(undefined);
  }

  async #pause(): Promise<void> {
    const ms = this.#pauseMs;
    this.#pauseMs = Math.min(2 * ms, LONGEST_PAUSE_MS);
    const { signal } = this.#end;
    await new Promise<void>((resolve) => {
      const stop = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.#options.clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      signal.addEventListener('abort', stop);
    });
  }

  async #get(query: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const { api, namespace } = this.#options;
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
    const asked = { method: 'GET', path: `${path}?${new URLSearchParams(query).toString()}` } as const;
    const response = await askApi(api, asked, this.#end.signal);
    // A peer that vanished without a word is found by TCP.
    response.socket.setKeepAlive(true, 15_000);
    return response;
  }
}

/** One warning, with what to do. */
function warningFor(error: unknown, namespace: string): string {
  const status = error instanceof ApiRefusal ? error.status : 0;
  const then = 'until then backends are probed as without Kubernetes';
  if (status !== 401 && status !== 403) return `EndpointSlices of namespace ${namespace} cannot be watched; ${then}`;
  return (
    `not allowed to watch EndpointSlices of namespace ${namespace}: give the pod's service account the verbs get, list and watch for ` +
    `endpointslices of discovery.k8s.io there (manifests/endpoints-reader), or set SERVERLESS_KUBERNETES=off; ${then}`
  );
}

function keep(slices: Map<string, Slice>, slice: Slice | undefined): void {
  if (slice !== undefined) slices.set(slice.name, slice);
}

function versionOf(metadata: unknown): { readonly resourceVersion: string; readonly continue: string } {
  const { resourceVersion, continue: next } = isRecord(metadata) ? metadata : {};
  return {
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    continue: typeof next === 'string' ? next : '',
  };
}

/** The lines of an answer that goes on. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
}
