import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { FrameReader } from '../../src/rpc/frames';

/** A PDK call of the plugin. */
export interface PdkCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Kong's results of PDK calls, by method name without `kong.`; an exception becomes Kong's StepError. */
export type Pdk = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export interface PhaseResult {
  /** The plugin's response; undefined: the request is proxied to the backend. */
  readonly exit:
    { readonly status: number; readonly body: string; readonly headers: Record<string, string> } | undefined;
  readonly calls: readonly PdkCall[];
}

/**
 * Talks to a plugin server as one nginx worker of Kong 2.8 does (mp_rpc.lua): a call takes an idle connection or opens one, waits
 * for its only answer, and returns the connection to the pool.
 */
export class RpcClient {
  #idle: Line[] = [];
  readonly #all = new Set<Line>();
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** One RPC. Rejects with the server's error text, `no data` when the connection ends, or the reason of `signal`. */
  async call(method: string, arg: unknown, signal?: AbortSignal): Promise<unknown> {
    const line = this.#idle.pop() ?? (await this.#open());
    const leave = (): void => {
      line.socket.destroy();
    };
    signal?.addEventListener('abort', leave);
    try {
      const result = await line.call(method, arg);
      // Even if the server has closed it meanwhile: nginx only knows what its event loop has seen.
      if (line.hasUnread) line.socket.destroy();
      else if (!line.ended) this.#idle.push(line);
      if (result.error !== null)
        throw new Error(typeof result.error === 'string' ? result.error : JSON.stringify(result.error));
      return result.value;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Starts a plugin instance; returns its id. `config` is Kong's, with its own keys (`__key__`, `__seq__`). */
  async startInstance(name: string, config: unknown): Promise<number> {
    const started = await this.call('plugin.StartInstance', { Name: name, Config: JSON.stringify(config) });
    return (started as { Id: number }).Id;
  }

  /**
   * Runs the access phase of one request. Calls without an entry in `pdk` get nil if they are `kong.log.*`, otherwise an error.
   *
   * @param signal aborted: the client disconnects, and nginx drops the request's connection (lua_check_client_abort)
   */
  async handleEvent(instanceId: number, pdk: Pdk = {}, signal?: AbortSignal): Promise<PhaseResult> {
    const calls: PdkCall[] = [];
    let reply = await this.call('plugin.HandleEvent', { InstanceId: instanceId, EventName: 'access' }, signal);
    for (;;) {
      const { Data, EventId } = reply as { Data: 'ret' | { Method: string; Args: unknown[] }; EventId: number };
      if (Data === 'ret') return { exit: undefined, calls };
      const { Method, Args } = Data;
      calls.push({ method: Method, args: Args });
      if (Method === 'kong.response.exit') {
        const [status, body = '', headers = {}] = Args as [number, string?, Record<string, string>?];
        return { exit: { status, body, headers }, calls };
      }
      let method = 'plugin.Step';
      let result: unknown;
      try {
        result = await run(pdk, Method, Args);
      } catch (error) {
        method = 'plugin.StepError';
        result = (error as Error).message;
      }
      reply = await this.call(method, { EventId, Data: result }, signal);
    }
  }

  /** Closes all connections, as an exiting nginx worker does. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((line) => line.close()));
  }

  async #open(): Promise<Line> {
    const line = new Line(this.#socketPath);
    this.#all.add(line);
    const leavePool = (): void => {
      this.#idle = this.#idle.filter((other) => other !== line);
    };
    // nginx closes a pooled connection on which anything arrives.
    line.socket.on('data', () => {
      if (this.#idle.includes(line)) line.socket.destroy();
      leavePool();
    });
    line.socket.on('end', leavePool);
    line.socket.on('close', () => {
      this.#all.delete(line);
      leavePool();
    });
    await once(line.socket, 'connect');
    return line;
  }
}

/** Bytes that Kong reads at once (mp_rpc.lua, `receiveany`). */
const KONG_READS = 4096;

/** One connection. It has at most one call at a time. */
class Line {
  readonly socket: Socket;
  ended = false;
  #msgid = 0;
  /** Bytes received since the call, how many of them in complete frames, and where the response ends. */
  #received = 0;
  #framed = 0;
  #responseEnd = 0;
  #settle: ((response: unknown) => void) | undefined;

  constructor(path: string) {
    this.socket = connect(path);
    const frame = (bytes: Uint8Array): void => {
      this.#framed += bytes.length;
      const message = decode(bytes) as unknown[];
      // A notification: Kong skips it.
      if (message[0] === 2 || this.#settle === undefined) return;
      this.#responseEnd = this.#framed;
      this.#answer(message);
    };
    const broken = (): void => {
      throw new Error('the plugin server sent an invalid frame');
    };
    const reader = new FrameReader({ frame, oversized: broken, malformed: broken });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      reader.read(chunk);
    });
    this.socket.on('error', () => undefined);
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('close', () => {
      this.ended = true;
      this.#answer(undefined);
    });
  }

  /**
   * Whether more arrived than Kong reads with the response: nginx closes such a connection instead of pooling it. What it reads beyond
   * the response is lost.
   */
  get hasUnread(): boolean {
    return this.#received > Math.ceil(this.#responseEnd / KONG_READS) * KONG_READS;
  }

  async call(method: string, arg: unknown): Promise<{ error: unknown; value: unknown }> {
    this.#msgid += 1;
    if (this.socket.closed) throw new Error('no data');
    this.#received = 0;
    this.#framed = 0;
    const answered = new Promise<unknown>((resolve) => {
      this.#settle = resolve;
    });
    this.socket.write(encode([0, this.#msgid, method, [arg]]));
    const response = await answered;
    if (response === undefined) throw new Error('no data');
    const [type, msgid, error, value] = response as [number, number, unknown, unknown];
    if (type !== 1 || msgid !== this.#msgid) throw new Error('unexpected RPC response ID');
    return { error, value };
  }

  async close(): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }

  #answer(response: unknown): void {
    this.#settle?.(response);
    this.#settle = undefined;
  }
}

async function run(pdk: Pdk, method: string, args: unknown[]): Promise<unknown> {
  const handler = pdk[method.replace(/^kong\./, '')];
  if (handler !== undefined) return await handler(...args);
  if (method.startsWith('kong.log.')) return undefined;
  throw new Error(`the test has no answer to ${method}`);
}
