import { createServer, type Server, type Socket } from 'node:net';
import { decodeMulti, encode } from '@msgpack/msgpack';

/** One call that the gateway made. */
export interface Recorded {
  readonly method: string;
  readonly argument: unknown;
}

/** Makes one PDK call and waits for what the gateway returns; undefined when the Step carried no result. */
export type Pdk = (method: string, ...args: unknown[]) => Promise<unknown>;

/** What the plugin does in its access phase. */
export type Phase = (pdk: Pdk) => Promise<void>;

interface Event {
  /** Answers the RPC that the gateway waits in. */
  answer: (data: unknown) => void;
  /** Passes the result of the PDK call to the phase. */
  resume: (result: unknown) => void;
}

/** A plugin server that does what the test says and records every call, in order. */
export class RecordingPluginServer {
  readonly calls: Recorded[] = [];
  /** The phase that the next requests run. */
  phase: Phase = () => Promise.resolve();
  /** Replaces the answer to a call, `[1, id, error, result]`; undefined keeps it. */
  intercept: (
    call: Recorded,
    answer: readonly unknown[],
    socket: Socket,
  ) => readonly unknown[] | 'silence' | undefined = () => undefined;
  /** Ids of the running instances. */
  readonly instances = new Set<number>();
  #nextId = 100;
  readonly #events = new Map<number, Event>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(socketPath: string): Promise<RecordingPluginServer> {
    const server = createServer();
    const recorder = new RecordingPluginServer(server);
    server.on('connection', (socket) => {
      recorder.#serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    return recorder;
  }

  /** Methods in the order they were called. */
  get methods(): string[] {
    return this.calls.map(({ method }) => method);
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  reset(): void {
    this.calls.length = 0;
    this.phase = () => Promise.resolve();
    this.intercept = () => undefined;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      let frames: unknown[];
      try {
        frames = [...decodeMulti(received)];
      } catch {
        // Incomplete.
        return;
      }
      received = Buffer.alloc(0);
      for (const frame of frames) void this.#handle(frame as [number, number, string, [unknown]], socket);
    });
  }

  async #handle([, id, method, [argument]]: [number, number, string, [unknown]], socket: Socket): Promise<void> {
    const call = { method: method.replace('plugin.', ''), argument };
    this.calls.push(call);
    const outcome = await this.#run(call);
    const usual = 'error' in outcome ? [1, id, outcome.error, null] : [1, id, null, outcome.result];
    const answer = this.intercept(call, usual, socket) ?? usual;
    if (answer !== 'silence') socket.write(encode(answer));
  }

  async #run({ method, argument }: Recorded): Promise<{ result: unknown } | { error: string }> {
    if (method === 'StartInstance') {
      const id = this.#nextId++;
      this.instances.add(id);
      const { Name, Config } = argument as { Name: string; Config: string };
      return { result: { Name, Id: id, Config: JSON.parse(Config) as unknown, StartTime: 0 } };
    }
    if (method === 'CloseInstance') {
      this.instances.delete(argument as number);
      return { result: { Name: 'recorder', Id: argument } };
    }
    if (method === 'HandleEvent') {
      const { InstanceId } = argument as { InstanceId: number };
      if (!this.instances.has(InstanceId)) return { error: `no plugin instance #${InstanceId}` };
      return { result: await this.#begin() };
    }
    const { EventId, Data } = argument as { EventId: number; Data?: unknown };
    return { result: await this.#resume(EventId, Data) };
  }

  async #begin(): Promise<unknown> {
    const eventId = this.#nextId++;
    return new Promise((resolve) => {
      const event: Event = {
        answer: (data) => {
          resolve({ EventId: eventId, Data: data });
        },
        resume: () => undefined,
      };
      this.#events.set(eventId, event);
      const pdk: Pdk = (method, ...args) =>
        new Promise((returned) => {
          event.resume = returned;
          event.answer({ Method: method, Args: args });
        });
      void this.phase(pdk).then(() => {
        event.answer('ret');
      });
    });
  }

  async #resume(eventId: number, data: unknown): Promise<unknown> {
    const event = this.#events.get(eventId);
    return new Promise((resolve) => {
      if (event === undefined) return;
      event.answer = (next) => {
        resolve({ EventId: eventId, Data: next });
      };
      event.resume(data);
    });
  }
}
