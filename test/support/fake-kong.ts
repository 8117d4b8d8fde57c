import type { Kong } from '../../src/kong/contract';

/** The request as Kong shows it to the plugin. */
export interface FakeRequest {
  readonly path?: string;
  /** With its question mark. */
  readonly query?: string;
  readonly method?: string;
  /** By the names that the plugin uses. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Process id of the nginx worker. */
  readonly pid?: number | string;
  /** Paths of the route that it came by. */
  readonly routePaths?: readonly string[];
  /** Host of the service that it is routed to. */
  readonly serviceHost?: string;
  /** The route keeps the client's Host; it does unless said. */
  readonly preservesHost?: boolean;
}

/** The plugin's response. */
export interface Exit {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NEVER = new Promise<never>(() => undefined);

/**
 * Kong's side of one request: answers and records the plugin's PDK calls. As in Kong, a call may begin only after the one before is
 * answered, and none after `exit` is answered (K16).
 */
export class FakeKong implements Kong {
  /** Every call, as `nginx.get_var pid`. */
  readonly calls: string[] = [];
  /** Everything written to Kong's log. */
  readonly logged: string[] = [];
  readonly responseHeaders: Record<string, string | number> = {};
  readonly clearedHeaders: string[] = [];
  /** Where the request is sent in place of where Kong would. */
  sentTo: { readonly address: string; readonly port: number; readonly host: string | undefined } | undefined;
  exited: Exit | undefined;
  /** The client has disconnected: no more calls are answered (K11). */
  gone = false;
  /** Headers that the backend gets in place of the client's. */
  readonly upstreamHeaders: Record<string, string> = {};
  /** Two calls were in progress at once, or one came after `exit`: neither exists in Kong's protocol. */
  outOfTurn = false;
  /** The client disconnects during the first call with this prefix. */
  goneAt: string | undefined;
  /** Calls with this prefix are rejected. */
  failOn: string | undefined;
  #busy = false;
  readonly #given: FakeRequest;

  constructor(given: FakeRequest = {}) {
    this.#given = given;
  }

  readonly nginx = {
    get_var: (name: string): Promise<unknown> => this.#answer(`nginx.get_var ${name}`, () => this.#given.pid ?? 101),
  };
  readonly request = {
    get_path_with_query: (): Promise<string> =>
      this.#answer('request.get_path_with_query', () => `${this.#given.path ?? '/kong/'}${this.#given.query ?? ''}`),
    get_path: (): Promise<string> => this.#answer('request.get_path', () => this.#given.path ?? '/kong/'),
    get_method: (): Promise<string> => this.#answer('request.get_method', () => this.#given.method ?? 'GET'),
    get_header: (name: string): Promise<unknown> =>
      this.#answer(`request.get_header ${name}`, () => this.#given.headers?.[name]),
    get_headers: (): Promise<unknown> =>
      this.#answer('request.get_headers', () =>
        Object.fromEntries(
          Object.entries(this.#given.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
        ),
      ),
  };
  readonly router = {
    get_route: (): Promise<unknown> =>
      this.#answer('router.get_route', () => ({
        paths: this.#given.routePaths ?? ['/kong'],
        preserve_host: this.#given.preservesHost ?? true,
      })),
    get_service: (): Promise<unknown> =>
      this.#answer('router.get_service', () => ({ host: this.#given.serviceHost ?? 'consumer.kong.8080.svc' })),
  };
  readonly response = {
    exit: (status: number, body = '', headers: Record<string, string> = {}): Promise<void> =>
      this.#answer(`response.exit ${status}`, () => {
        this.exited = { status, body, headers };
      }),
    set_header: (name: string, value: string | number): Promise<void> =>
      this.#answer(`response.set_header ${name}`, () => {
        this.responseHeaders[name] = value;
      }),
  };
  readonly service = {
    set_target: (address: string, port: number): Promise<void> =>
      this.#answer('service.set_target', () => {
        this.sentTo = { address, port, host: undefined };
      }),
    request: {
      set_header: (name: string, value: string): Promise<void> =>
        this.#answer(`service.request.set_header ${name}`, () => {
          this.upstreamHeaders[name] = value;
          // Kong 2.8 forgets the client's Host with set_target: one that was set before it is lost.
          if (name === 'Host' && this.sentTo !== undefined) this.sentTo = { ...this.sentTo, host: value };
        }),
      clear_header: (name: string): Promise<void> =>
        this.#answer(`service.request.clear_header ${name}`, () => {
          this.clearedHeaders.push(name);
        }),
    },
  };
  readonly log = {
    err: (...message: string[]): Promise<void> => this.#log('err', message),
    warn: (...message: string[]): Promise<void> => this.#log('warn', message),
    notice: (...message: string[]): Promise<void> => this.#log('notice', message),
  };

  /** The problem document of the response. */
  get problem(): Record<string, unknown> {
    return JSON.parse(this.exited?.body ?? '{}') as Record<string, unknown>;
  }

  #log(level: string, message: string[]): Promise<void> {
    return this.#answer(`log.${level}`, () => {
      this.logged.push(message.join(''));
    });
  }

  async #answer<T>(call: string, result: () => T): Promise<T> {
    if (this.#busy || this.exited !== undefined) this.outOfTurn = true;
    this.calls.push(call);
    this.#busy = true;
    if (this.goneAt !== undefined && call.startsWith(this.goneAt)) this.gone = true;
    if (this.gone) return NEVER;
    await Promise.resolve();
    this.#busy = false;
    if (this.failOn !== undefined && call.startsWith(this.failOn)) throw new Error(`Kong failed at ${call}`);
    return result();
  }
}
