import { ServerlessError, toHttpAnswer } from '../core/errors';
import type { PhaseContext, PluginInstance } from '../kong/contract';
import type { Connection } from './connection';
import { encodeEvent, encodeValue, RETURN } from '../rpc/messages';
import { LazyKong, type Pipe } from '../rpc/pdk';

/** Kong runs nothing of an event after these, and sends no Step (K16, read in mp_rpc.lua `bridge_loop`). */
const ENDS_REQUEST = new Set(['kong.response.exit', 'kong.response.error']);

/** What one phase run needs of the server that runs it. */
export interface RunHost {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** The run waits for Kong's Step from now on. Returns the event id that the Step will name; the same one for the same run. */
  awaitStep(run: PhaseRun): number;
  /** It no longer does. */
  forgetStep(run: PhaseRun): void;
  /** The phase threw, or its promise was rejected. */
  failed(error: unknown): void;
}

interface Message {
  /** `Data` of the answer, encoded. */
  readonly data: Uint8Array;
  /** Kong sends nothing for this event after it. */
  readonly last: boolean;
}

const END: Message = { data: RETURN, last: true };

/**
 * One phase of one request, which Kong calls an event. Kong and we take turns: while `connection` is set Kong waits for us, in
 * HandleEvent or in a Step; after a PDK call we wait for Kong's Step; after the last message nobody waits for anybody.
 */
export class PhaseRun implements Pipe {
  /** 0 until the first PDK call. */
  eventId = 0;
  /** Since when Kong waits for us, or we for its Step, on the host's clock. */
  since = 0;
  private connection: Connection | undefined;
  private msgid = 0;
  private over = false;
  private gone = false;
  /** What the phase said while it was Kong's turn. */
  private readonly queue: Message[] = [];
  /** PDK calls without a result, oldest first. */
  private readonly callers: ((result: [unknown, unknown]) => void)[] = [];
  private controller: AbortController | undefined;

  constructor(private readonly host: RunHost) {}

  /** Runs the access phase of `instance`, and answers Kong's HandleEvent `msgid`. Exceptions of the phase become a 503. */
  start(instance: PluginInstance, connection: Connection, msgid: number): void {
    this.connection = connection;
    this.msgid = msgid;
    try {
      const result = instance.access(new LazyKong(this), new RunContext(this));
      if (result instanceof Promise) this.follow(result);
      // A PDK call that nobody awaits may be on its way; the end comes after it.
      else this.say(END);
    } catch (error) {
      this.fail(error);
    }
    this.park();
  }

  /** A PDK call of the phase. */
  put(call: { Method: string; Args: unknown[] }): void {
    if (this.over) return;
    this.say({ data: encodeValue(call), last: ENDS_REQUEST.has(call.Method) });
  }

  /** The result of the oldest PDK call without one. Never settles when the request is over before (K16). */
  get(): Promise<[unknown, unknown]> {
    return new Promise((resolve) => {
      this.callers.push(resolve);
    });
  }

  /** Kong's Step: the result or the error of the PDK call that it ran, and its turn is over. */
  step(connection: Connection, msgid: number, result: unknown, error: unknown): void {
    this.host.forgetStep(this);
    this.connection = connection;
    this.msgid = msgid;
    this.callers.shift()?.([result, error]);
    const next = this.queue.shift();
    if (next === undefined) this.park();
    else this.say(next);
  }

  /** The request is gone: its connection closed while Kong waited for us (K11), or no Step came. Nothing is answered any more. */
  drop(): void {
    if (this.over) return;
    this.end();
    this.abort();
  }

  /** Answers in the phase's place, if it has the turn, and stops it. */
  refuse(error: ServerlessError): void {
    if (this.connection === undefined) return;
    this.put(exitCall(error));
    this.abort();
  }

  /** Aborted by `drop` and `refuse`. Made only for a phase that asks for it. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.gone) this.controller.abort();
    return this.controller.signal;
  }

  private abort(): void {
    this.gone = true;
    this.controller?.abort();
  }

  private follow(result: Promise<void>): void {
    result.then(
      () => {
        this.say(END);
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  /** An exception in a phase fails closed: kong-pdk lets the request through (K10). */
  private fail(error: unknown): void {
    this.host.failed(error);
    // Kong's own log too: an operator sees it where our standard error is invisible (K15).
    this.put({ Method: 'kong.log.err', Args: [`serverless: the access phase failed: ${String(error)}`] });
    void this.get();
    this.put(exitCall(new ServerlessError('SERVERLESS_INTERNAL', 'The plugin failed while it handled this request.')));
  }

  /** Answers Kong at once if it is our turn, or after its Step. */
  private say(message: Message): void {
    if (this.over) return;
    const { connection } = this;
    if (connection === undefined) {
      this.queue.push(message);
      return;
    }
    if (message.last) {
      this.end();
    } else {
      this.since = this.host.now();
      this.eventId = this.host.awaitStep(this);
    }
    this.connection = undefined;
    connection.waiting.delete(this);
    connection.send(encodeEvent(this.msgid, this.eventId, message.data), !message.last);
  }

  /** If the phase has nothing to say yet, the connection has to know who is affected when it closes. */
  private park(): void {
    if (this.connection === undefined) return;
    this.since = this.host.now();
    this.connection.waiting.add(this);
  }

  private end(): void {
    this.over = true;
    this.connection?.waiting.delete(this);
    this.connection = undefined;
    this.host.forgetStep(this);
    this.queue.length = 0;
    this.callers.length = 0;
  }
}

/** What a phase sees of its run beside the PDK. */
class RunContext implements PhaseContext {
  constructor(private readonly run: PhaseRun) {}

  get signal(): AbortSignal {
    return this.run.signal;
  }
}

/** The PDK call that answers a request with an error. */
export function exitCall(error: ServerlessError): { Method: string; Args: unknown[] } {
  const { status, body, headers } = toHttpAnswer(error);
  return { Method: 'kong.response.exit', Args: [status, body, headers] };
}
