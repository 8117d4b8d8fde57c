import type { Kong } from '../../src/kong/contract';

/** The request that the fake shows, and what Kong does with calls about it. */
export interface FakeRequest {
  readonly path?: string;
  readonly method?: string;
  /** Names as the plugin asks for them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Process id of the nginx worker. */
  readonly pid?: number | string;
  /** Paths of the route that it came by. */
  readonly routePaths?: readonly string[];
}

/** What the plugin answered. */
export interface Exit {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NEVER = new Promise<never>(() => undefined);

/**
 * Kong's side of one request: answers the calls that the plugin may make, in turn, and writes them down. As in Kong, one call is
 * answered before the next may begin, and nothing is answered after `exit` (K16).
 */
export class FakeKong implements Kong {
  /** Every call, as `nginx.get_var pid`. */
  readonly calls: string[] = [];
  /** Everything written to Kong's log. */
  readonly logged: string[] = [];
  readonly responseHeaders: Record<string, string | number> = {};
  readonly clearedHeaders: string[] = [];
  exited: Exit | undefined;
  /** The client has gone: no call is answered any more (K11). */
  gone = false;
  /** Two calls were under way at once, or one came after `exit`: Kong's protocol knows neither. */
  outOfTurn = false;
  /** It goes in the middle of the first call that begins so. */
  goneAt: string | undefined;
  /** A call that begins so is rejected. */
  failOn: string | undefined;
  #busy = false;

  constructor(private readonly given: FakeRequest = {}) {}

  readonly nginx = {
    get_var: (name: string): Promise<unknown> => this.#answer(`nginx.get_var ${name}`, () => this.given.pid ?? 101),
  };
  readonly request = {
    get_path: (): Promise<string> => this.#answer('request.get_path', () => this.given.path ?? '/kong/'),
    get_method: (): Promise<string> => this.#answer('request.get_method', () => this.given.method ?? 'GET'),
    get_header: (name: string): Promise<unknown> =>
      this.#answer(`request.get_header ${name}`, () => this.given.headers?.[name]),
  };
  readonly router = {
    get_route: (): Promise<unknown> =>
      this.#answer('router.get_route', () => ({ paths: this.given.routePaths ?? ['/kong'] })),
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
    request: {
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

  /** The problem document of the answer. */
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
