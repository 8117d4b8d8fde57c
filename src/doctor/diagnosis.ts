import type { HttpRequest, HttpResponse } from '../adapters/http-client';
import type { ProcessSettings } from '../config/process-settings';

/** A pub/sub and topic that the gateway publishes to, and what it may hold for it. */
export interface WatchedBackend {
  readonly pubsub: string;
  readonly topic: string;
  readonly maxHeld: number | undefined;
}

/** RabbitMQ's management API. */
export interface Management {
  /** Without user, password and a slash at the end. */
  readonly url: string;
  /** Value of the Authorization header; undefined without a user in the URL. */
  readonly authorization: string | undefined;
  readonly vhost: string;
}

/** What a check may look at. Everything that is not pure comes from here. */
export interface Surroundings {
  readonly settings: ProcessSettings;
  readonly socketPath: string;
  /** Kong's prefix, where its nginx configuration is. */
  readonly prefix: string;
  /** Backends of the manifests that were given, and of `--publish`. */
  readonly backends: readonly WatchedBackend[];
  /** Components that must be loaded. */
  readonly components: readonly string[];
  readonly publish: { readonly pubsub: string; readonly topic: string } | undefined;
  readonly management: Management | undefined;
  /** HTTP listener of `serverless scaler`, without a slash at the end; undefined: where the gateway publishes to, if that is one. */
  readonly scaler: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws an Error with `code` when there is no answer */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** The addresses of a host; none where it has none. */
  lookup(host: string): Promise<readonly string[]>;
  /** The text of a file, the names in a folder; undefined when it is not there or may not be read. */
  readFile(path: string): string | undefined;
  readFolder(path: string): readonly string[] | undefined;
  /** Now, milliseconds since 1970. */
  now(): number;
}

/** `skipped`: it could not be looked at from here, which is not wrong in itself. */
export type Outcome = 'ok' | 'warning' | 'error' | 'skipped';

/** What one look found. */
export interface Diagnosis {
  readonly outcome: Outcome;
  readonly message: string;
  /** What to do about it; for warnings and errors. */
  readonly fix?: string;
}

/** One thing that a running gateway needs. */
export interface Examination {
  /** The file's name. */
  readonly id: string;
  /** What is looked at, one line. */
  readonly title: string;
  /** What requests suffer when it is wrong. */
  readonly why: string;
  examine(at: Surroundings): Diagnosis[] | Promise<Diagnosis[]>;
}

/** Nothing wrong. */
export function ok(message: string): Diagnosis {
  return { outcome: 'ok', message };
}

export function skipped(message: string): Diagnosis {
  return { outcome: 'skipped', message };
}

export function warning(message: string, fix: string): Diagnosis {
  return { outcome: 'warning', message, fix };
}

export function error(message: string, fix: string): Diagnosis {
  return { outcome: 'error', message, fix };
}
