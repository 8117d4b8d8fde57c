/** OpenTelemetry, and the only file that imports it: bundled as dist/tracing.js. Its own variables (OTEL_*) configure it. */
import { hostname } from 'node:os';
import type { Span as OtelSpan, SpanContext } from '@opentelemetry/api';
import {
  createTraceState,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { Clock, Logger } from '../core/ports';
import { Quiet } from '../core/quiet';
import type { Attributes, Span, SpanStart, TraceContext, Tracer } from '../core/tracing';

/** What goes on failing is logged this often, milliseconds. */
const QUIET_MS = 10_000;
/** How long a process that ends waits for its last spans to be sent: less than what Kubernetes' grace period leaves of the drain. */
const CLOSE_MS = 1000;

const KINDS: Readonly<Record<SpanStart['name'], SpanKind>> = {
  hold: SpanKind.SERVER,
  publish: SpanKind.PRODUCER,
  probe: SpanKind.CLIENT,
  wake: SpanKind.CONSUMER,
};

/** The process whose spans they are. */
export interface TracedService {
  /** `service.name`, unless the environment says another. */
  readonly name: string;
  readonly version: string;
}

export interface OpenTelemetryParts {
  readonly service: TracedService;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: OTLP over HTTP, to where the environment says. */
  readonly exporter?: SpanExporter;
}

/** A tracer whose sampler, resource, limits and exporter are those of the environment. */
export function createTracer({ service, clock, logger, exporter }: OpenTelemetryParts): Tracer {
  const starting = reportTo(logger, clock);
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: service.name,
        [ATTR_SERVICE_VERSION]: service.version,
        'host.name': hostname(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(exporter ?? new OTLPTraceExporter())],
  });
  starting.isOver();
  return new OpenTelemetryTracer(provider, service, clock);
}

/**
 * What OpenTelemetry complains of goes to the log: all that is wrong with the environment, later only now and then, because an endpoint
 * that is away fails at each batch.
 */
function reportTo(logger: Logger, clock: Clock): { isOver(): void } {
  const quiet = new Quiet(QUIET_MS);
  let isStarting = true;
  const report = (message: string, ...more: readonly unknown[]): void => {
    if (isStarting || quiet.allows(clock.now())) logger.warn({ more }, `traces: ${message}`);
  };
  const silent = (): void => undefined;
  const destination = { error: report, warn: report, info: silent, debug: silent, verbose: silent };
  diag.setLogger(destination, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return { isOver: () => void (isStarting = false) };
}

class OpenTelemetryTracer implements Tracer {
  readonly #provider: BasicTracerProvider;
  readonly #tracer: ReturnType<BasicTracerProvider['getTracer']>;
  readonly #clock: Clock;

  constructor(provider: BasicTracerProvider, service: TracedService, clock: Clock) {
    this.#provider = provider;
    this.#tracer = provider.getTracer(service.name, service.version);
    this.#clock = clock;
  }

  start({ name, parent, since, attributes }: SpanStart): Span {
    const from = parent && spanContext(parent);
    const context = from === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, from);
    // The clock has no date, and the machine's may have been set since.
    const startTime = Date.now() - (this.#clock.now() - since);
    return new OpenTelemetrySpan(
      this.#tracer.startSpan(name, { kind: KINDS[name], startTime, attributes: written(attributes) }, context),
      from === undefined ? undefined : parent,
    );
  }

  async close(): Promise<void> {
    const late = new Promise<void>((resolve) => {
      this.#clock.after(CLOSE_MS, resolve);
    });
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
  }
}

class OpenTelemetrySpan implements Span {
  readonly context: TraceContext;
  readonly isSampled: boolean;
  readonly #span: OtelSpan;

  constructor(span: OtelSpan, parent: TraceContext | undefined) {
    const own = span.spanContext();
    this.#span = span;
    this.isSampled = (own.traceFlags & 1) === 1;
    this.context = this.isSampled || parent === undefined ? headersOf(own) : parent;
  }

  event(name: string, attributes: Attributes): void {
    this.#span.addEvent(name, written(attributes));
  }

  end(attributes: Attributes, error?: string): void {
    this.#span.setAttributes(written(attributes));
    if (error !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    this.#span.end();
  }
}

/** Undefined where it names no trace or no span: both ids are zero then. */
function spanContext({ traceparent, tracestate }: TraceContext): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return trace.isSpanContextValid(context) ? context : undefined;
}

function headersOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}

function written(attributes: Attributes): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) kept[name] = value;
  return kept;
}
