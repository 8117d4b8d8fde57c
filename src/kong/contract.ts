import type { Asked, OnRejected } from '../core/ports';
import type { ProductStatus } from '../core/status';

/**
 * The calls of Kong's plugin development kit that this plugin makes, and no others.
 *
 * kong-pdk ships typings, but they fail under `strict` and are wrong in places (K23), so the calls are declared
 * here. Each one is a round trip to Kong over the socket (K14).
 */
export interface Kong {
  readonly nginx: {
    /** An nginx variable; `pid` names the nginx worker that runs this request. */
    get_var(name: string): Promise<unknown>;
  };
  readonly request: {
    /** The path without the query: as the client sent it in 2.8, normalised in 3.x. */
    get_path(): Promise<string>;
    /** With the query, as the client sent it. */
    get_path_with_query(): Promise<string>;
    get_method(): Promise<string>;
    /** The first value of a header, `undefined` or `null` where there is none. */
    get_header(name: string): Promise<unknown>;
    /** All headers, their names in lower case; one that came several times has a list of values. */
    get_headers(): Promise<unknown>;
  };
  readonly router: {
    /** The route that the request came by, as Kong's Admin API shows it. */
    get_route(): Promise<unknown>;
    /** The service that it is routed to, likewise. */
    get_service(): Promise<unknown>;
  };
  readonly response: {
    /** Answers the request. Kong runs nothing of ours after it: a call after it never returns (K16). */
    exit(status: number, body?: string, headers?: Record<string, string>): Promise<void>;
    set_header(name: string, value: string | number): Promise<void>;
  };
  readonly service: {
    /** Sends the request to this IP address and port, whatever its service has for targets; the client's Host is lost with it (K28). */
    set_target(address: string, port: number): Promise<void>;
    readonly request: {
      set_header(name: string, value: string): Promise<void>;
      /** Keeps a header of the request from the backend. */
      clear_header(name: string): Promise<void>;
    };
  };
  /** Kong's own log, which an operator sees at Kong's default level, unlike our standard error (K15). */
  readonly log: {
    err(...message: string[]): Promise<void>;
    warn(...message: string[]): Promise<void>;
    notice(...message: string[]): Promise<void>;
  };
}

/** What `dist/serverless` tells a phase beyond the PDK. The stock kong-js-pluginserver passes nothing. */
export interface PhaseContext {
  /** Aborted when Kong's connection for this request is gone: the client left, or the nginx worker died (K11). */
  readonly signal: AbortSignal;
  /** The phase begins to hold its request: from now on its time is not that of a call. */
  holds(): void;
}

/** One configuration of the plugin on one nginx worker (K12). */
export interface PluginInstance {
  /**
   * Settles when the request may go on, or after it was answered; at once, without a promise, when nothing had to be asked.
   * Never rejects.
   */
  access(kong: Kong, context?: PhaseContext): Promise<void> | void;
}

/** What a JS plugin module exports, as kong-js-pluginserver reads it. */
export interface PluginModule {
  readonly Name: string;
  /** Kong wants `major.minor.patch`. */
  readonly Version: string;
  /** Kong runs plugins with a higher number first. */
  readonly Priority: number;
  /** The `fields` of Kong's schema record `config`. */
  readonly Schema: readonly object[];
  /**
   * Never throws on a bad configuration: Kong 2.8 takes an error for an answer of StartInstance as an instance without an id, and
   * spins on it for ever (K7, read in plugin_servers/mp_rpc.lua `call_start_instance`). The instance answers 503 instead.
   */
  readonly Plugin: new (config: unknown) => PluginInstance;
}

/** The running product, as the plugin server and the status server see it. */
export interface Product {
  readonly module: PluginModule;
  /** Told by the plugin server of the requests that it rejects itself. */
  readonly onRejected: OnRejected;
  /** Requests held now, in the whole process. */
  held(): number;
  /** From now on a request for a sleeping backend is rejected with Retry-After; those held stay. */
  drain(): void;
  /** Resolves once nothing is held. */
  settled(): Promise<void>;
  /** Told by the plugin server of each access phase that held nothing: how long it took, and whether Kong was asked something. */
  readonly onServed: (ms: number, asked: boolean) => void;
  /** Metrics as text. @param standby whether another process stands by */
  metrics(format: 'prometheus' | 'openmetrics', standby: boolean): Promise<string>;
  /** What each backend does now, for people and tools. */
  status(): ProductStatus;
  /** Wakes a backend for an operator, by its key. */
  wake(key: string): Asked;
  /** Forgets that a backend is ready, for an operator. */
  sleep(key: string): Asked;
  /** Frees timers and connections. Requests held are not answered any more. Settles when the last traces are sent, soon at the latest. */
  close(): Promise<void> | void;
}
