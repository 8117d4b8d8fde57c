import { tracesAskedFor } from '../../../src/tracing/endpoint';

const URL = 'http://collector:4318';

test.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, undefined],
  [{ OTEL_SERVICE_NAME: 'gateway', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: URL }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: URL }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: URL }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: URL, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: URL }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: URL, OTEL_SDK_DISABLED: 'true' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: URL, OTEL_TRACES_EXPORTER: 'none' }, undefined],
])('traces are asked for by an endpoint, unless they are switched off: %j', (env, variable) => {
  expect(tracesAskedFor(env)).toBe(variable);
});
