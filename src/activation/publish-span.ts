import type { PublishReport } from '../core/reports';
import type { Span, TraceContext, Tracer } from '../core/tracing';

/** A wake-up, from the plugin to Dapr's answer, as a span of the request that it is for. */
export function beginPublish(
  tracer: Tracer,
  parent: TraceContext | undefined,
  since: number,
  backend: string,
  topic: string,
): Span {
  const attributes = {
    'serverless.backend': backend,
    'messaging.system': 'dapr',
    'messaging.operation.name': 'publish',
    'messaging.destination.name': topic,
  };
  return tracer.start({ name: 'publish', parent, since, attributes });
}

export function endPublish(span: Span, { outcome, status, error, message }: PublishReport): void {
  span.end(
    { 'serverless.outcome': outcome, 'http.response.status_code': status },
    outcome === 'accepted' ? undefined : (message ?? error ?? outcome),
  );
}
