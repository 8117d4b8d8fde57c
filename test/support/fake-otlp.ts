import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

type Value = string | number | boolean | undefined;

/** A span as it came. */
export interface SentSpan {
  readonly service: Value;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: it is a root. */
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  /** Unix time, milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly events: readonly string[];
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number; readonly boolValue?: boolean };
}

interface OtlpSpan extends Omit<SentSpan, 'attributes' | 'events' | 'service' | 'from' | 'to'> {
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly { readonly name: string }[];
}

interface Otlp {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const read = (pairs: readonly KeyValue[] = []): Record<string, Value> =>
  Object.fromEntries(
    pairs.map(({ key, value }) => {
      const { stringValue, intValue, boolValue } = value;
      return [key, stringValue ?? (intValue === undefined ? boolValue : Number(intValue))];
    }),
  );

const spansOf = ({ resourceSpans }: Otlp): SentSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, traceState, ...span }) => ({
        service: read(resource.attributes)['service.name'],
        ...{ name, traceId, spanId },
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        traceState: traceState === '' ? undefined : traceState,
        from: Number(span.startTimeUnixNano) / 1e6,
        to: Number(span.endTimeUnixNano) / 1e6,
        attributes: read(span.attributes),
        events: (span.events ?? []).map((event) => event.name),
      })),
    ),
  );

/** Takes traces as an OTLP endpoint does, over HTTP as JSON. */
export class FakeOtlp {
  readonly spans: SentSpan[] = [];
  /** HTTP status of its answers; `hang`: none. */
  answer: number | 'hang' = 200;
  batches = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeOtlp> {
    const server = createServer();
    const otlp = new FakeOtlp(server);
    server.on('connection', (socket) => {
      otlp.#sockets.add(socket);
      socket.once('close', () => otlp.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        otlp.#take(`${request.method} ${request.url}`, body, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return otlp;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of one name, or of one name in one trace. */
  named(name: string, traceId?: string): SentSpan[] {
    return this.spans.filter((span) => span.name === name && span.traceId === (traceId ?? span.traceId));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(what: string, body: string, response: ServerResponse): void {
    if (what !== 'POST /v1/traces') {
      response.writeHead(404).end();
      return;
    }
    this.batches += 1;
    if (this.answer === 'hang') return;
    if (this.answer === 200) this.spans.push(...spansOf(JSON.parse(body) as Otlp));
    response.writeHead(this.answer, { 'content-type': 'application/json' }).end('{}');
  }
}
