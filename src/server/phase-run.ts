import { type ErrorCode, ServerlessError } from '../core/errors';
import type { Clock } from '../core/ports';
import type { PhaseContext, PluginInstance } from '../kong/contract';
import { rejectCall } from '../kong/reject';
import { encodeEvent, encodeValue, RETURN } from '../rpc/messages';
import { LazyKong, type Pipe } from '../rpc/pdk';
import type { OpenCall } from './connection';

/** After these Kong runs nothing more of an event and sends no Step (K16, read in mp_rpc.lua `bridge_loop`). */
const ENDS_REQUEST = new Set(['kong.response.exit', 'kong.response.error']);

/** What a run reports. */
export interface RunReports {
  /** It is not over with the call that began it. Returns the event id by which Kong's Steps will name it. */
  entered(run: PhaseRun): number;
  /** It is over. */
  ended(run: PhaseRun): void;
  /** The phase threw, or its promise was rejected. */
  failed(error: unknown): void;
  /** The phase is over, and it held nothing. @param asked Kong was asked something */
  served(ms: number, asked: boolean): void;
  /** Its request is answered with an error in the phase's place. */
  rejected(code: ErrorCode): void;
}

interface Message {
  /** `Data` of the answer, encoded. */
  readonly data: Uint8Array;
  /** Kong sends nothing for this event after it. */
  readonly last: boolean;
}

const END: Message = { data: RETURN, last: true };

/**
 * One phase of one request, which Kong calls an event. Kong and the phase take turns: while there is a call, a HandleEvent or a Step,
 * Kong waits for us; after a PDK call we wait for Kong's Step; after the last message nobody waits for anybody.
 */
export class PhaseRun implements Pipe {
  readonly #clock: Clock;
  readonly #reports: RunReports;
  readonly #since: number;
  #holds = false;
  #asked = false;
  /** The call that has to be answered: it is our turn. */
  #call: OpenCall | undefined;
  /** 0 until it is entered as an event. */
  #eventId = 0;
  /** When Kong's turn began. */
  #steppingSince = 0;
  #over = false;
  #aborted = false;
  /** What the phase said while it was Kong's turn. */
  readonly #queue: Message[] = [];
  /** PDK calls without a result, oldest first. */
  readonly #callers: ((result: [unknown, unknown]) => void)[] = [];
  #controller: AbortController | undefined;

  constructor(clock: Clock, reports: RunReports) {
    this.#clock = clock;
    this.#reports = reports;
    this.#since = clock.now();
  }

  get eventId(): number {
    return this.#eventId;
  }

  /** Whether it is Kong's turn. */
  get awaitsStep(): boolean {
    return this.#call === undefined && !this.#over;
  }

  /** Whether Kong's turn has lasted since that time. */
  awaitsStepSince(limit: number): boolean {
    return this.awaitsStep && this.#steppingSince <= limit;
  }

  /** Runs the access phase of `instance` for a HandleEvent. Exceptions of the phase become a 503. */
  start(instance: PluginInstance, call: OpenCall): void {
    this.#call = call;
    try {
      const result = instance.access(new LazyKong(this), new RunContext(this));
      if (result instanceof Promise) this.#follow(result);
      // A PDK call that nobody awaits may be on its way; the end comes after it.
      else this.#say(END);
    } catch (error) {
      this.#fail(error);
    }
    this.#wait();
  }

  /** A PDK call of the phase. */
  put(call: { Method: string; Args: unknown[] }): void {
    if (this.#over) return;
    this.#asked = true;
    this.#say({ data: encodeValue(call), last: ENDS_REQUEST.has(call.Method) });
  }

  /** The result of the oldest PDK call without one. Never settles if the request ends before (K16). */
  get(): Promise<[unknown, unknown]> {
    return new Promise((resolve) => {
      this.#callers.push(resolve);
    });
  }

  /** Kong's Step: the result or the error of the PDK call that it ran. It is our turn again. */
  step(call: OpenCall, result: unknown, error: unknown): void {
    this.#call = call;
    this.#callers.shift()?.([result, error]);
    const next = this.#queue.shift();
    if (next !== undefined) this.#say(next);
    this.#wait();
  }

  /**
   * Ends it unanswered: its connection closed during our turn (K11), no Step came, or another process has to do it all again. Returns
   * the call that waits for an answer, if any.
   */
  drop(): OpenCall | undefined {
    const call = this.#call;
    if (this.#over) return undefined;
    this.#end();
    this.#abort();
    return call;
  }

  /** Answers in the phase's place, if it has the turn, and stops it. */
  reject(error: ServerlessError): void {
    if (this.#call === undefined) return;
    this.#answerWith(error);
    this.#abort();
  }

  /** From now on it waits for something else than Kong. */
  holds(): void {
    this.#holds = true;
  }

  /** Aborted by `drop` and `reject`. Made only for a phase that asks for it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  #abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }

  #follow(result: Promise<void>): void {
    result.then(
      () => {
        this.#say(END);
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  /** An exception in a phase fails closed: kong-pdk lets the request through (K10). */
  #fail(error: unknown): void {
    this.#reports.failed(error);
    if (this.#over) return;
    // Kong's own log too: an operator sees it where our standard error is invisible (K15).
    this.put({ Method: 'kong.log.err', Args: [`serverless: the access phase failed: ${String(error)}`] });
    void this.get();
    this.#answerWith(new ServerlessError('SERVERLESS_INTERNAL', 'The plugin failed while it handled this request.'));
  }

  #answerWith(error: ServerlessError): void {
    this.#reports.rejected(error.code);
    this.put(rejectCall(error));
  }

  /** Answers Kong at once if it is our turn, or after its Step. */
  #say(message: Message): void {
    if (this.#over) return;
    const call = this.#call;
    if (call === undefined) {
      this.#queue.push(message);
      return;
    }
    if (message.last) {
      if (!this.#holds) this.#reports.served(this.#clock.now() - this.#since, this.#asked);
      this.#end();
    } else {
      this.#call = undefined;
      this.#steppingSince = this.#clock.now();
      this.#enter();
    }
    call.answer(encodeEvent(call.msgid, this.#eventId, message.data), !message.last);
  }

  /** The phase has nothing to say yet, so Kong waits. */
  #wait(): void {
    if (this.#call === undefined) return;
    this.#enter();
    this.#call.onLost = () => {
      this.drop();
    };
  }

  #enter(): void {
    if (this.#eventId === 0) this.#eventId = this.#reports.entered(this);
  }

  #end(): void {
    this.#over = true;
    this.#call = undefined;
    this.#queue.length = 0;
    this.#callers.length = 0;
    if (this.#eventId !== 0) this.#reports.ended(this);
  }
}

/** What a phase sees of its run beside the PDK. */
class RunContext implements PhaseContext {
  readonly #run: PhaseRun;

  constructor(run: PhaseRun) {
    this.#run = run;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  holds(): void {
    this.#run.holds();
  }
}
