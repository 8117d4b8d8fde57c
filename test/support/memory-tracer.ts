import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Clock, Logger } from '../../src/core/ports';
import type { Tracer } from '../../src/core/tracing';
import { createTracer } from '../../src/tracing/open-telemetry';

type Answer = Parameters<Parameters<SpanExporter['export']>[1]>[0];

const answer = (fields: object): Answer => fields as Answer;
export const TAKEN = answer({ code: 0 });
export const FAILED = answer({ code: 1, error: new Error('503') });

/** How an endpoint answers what it is sent. */
export type Endpoint = (done: (answer: Answer) => void) => void;

const takes: Endpoint = (done) => {
  done(TAKEN);
};

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The real tracer, whose spans stay here. */
export class MemoryTracer {
  readonly tracer: Tracer;
  readonly #spans: ReadableSpan[] = [];

  /** @param env OTEL_ variables, in force while it is made */
  constructor(
    clock: Clock,
    { env = {}, endpoint = takes, logger = SILENT }: { env?: object; endpoint?: Endpoint; logger?: Logger } = {},
  ) {
    const exporter: SpanExporter = {
      export: (spans, done) => {
        this.#spans.push(...spans);
        endpoint(done);
      },
      shutdown: () => Promise.resolve(),
    };
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      this.tracer = createTracer({ service: { name: 'a-service', version: '1.2.3' }, clock, logger, exporter });
    } finally {
      for (const name of Object.keys(env)) process.env[name] = before[name];
      for (const name of Object.keys(env)) if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    }
  }

  /** Ends the tracer. Returns what it sent, in the order in which spans ended. */
  async sent(): Promise<ReadableSpan[]> {
    await this.tracer.close();
    return this.#spans;
  }
}

/** A span's name, its trace, its parent's id and its own, what is known of it. */
export function shown(span: ReadableSpan): {
  name: string;
  trace: string;
  parent: string | undefined;
  id: string;
  attributes: ReadableSpan['attributes'];
} {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    trace: traceId,
    parent: span.parentSpanContext?.spanId,
    id: spanId,
    attributes: span.attributes,
  };
}
