/** W3C trace context, as headers and messages carry it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** W3C Trace Context, section 3.2. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
/** Section 3.3: printable, and no longer than every system passes on. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** The context that two headers or fields make; undefined where they make none. A client chose both: what could not be sent is left out. */
export function traceContext(traceparent: unknown, tracestate: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/** What is known of a span. An undefined value is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanStart {
  readonly name: 'hold' | 'publish' | 'probe' | 'wake';
  /** Undefined: the sampler decides whether it is the root of a trace. */
  readonly parent: TraceContext | undefined;
  /** When it began, on the clock. */
  readonly since: number;
  readonly attributes: Attributes;
}

/** A span that goes on. One that is never ended is never sent. */
export interface Span {
  /** What goes on in its name carries this. Where it is not sampled and has a parent, it is the parent's, as if it were not there. */
  readonly context: TraceContext;
  readonly isSampled: boolean;
  /** Something happened now. */
  event(name: string, attributes: Attributes): void;
  /** @param error why it failed, if it did */
  end(attributes: Attributes, error?: string): void;
}

/** Makes spans, and sends them in the background. Never throws, and nothing waits for it. */
export interface Tracer {
  start(start: SpanStart): Span;
  /** Sends what has ended and was not sent yet. Resolves when that is done, soon at the latest. Never rejects. */
  close(): Promise<void>;
}
