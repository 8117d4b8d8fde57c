/** Variables that name where traces go, as OpenTelemetry has them; the first that is set wins. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;

/** The variable by which traces are asked for; undefined: they are not. */
export function tracesAskedFor(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none')
    return undefined;
  return ENDPOINTS.find((name) => (env[name] ?? '').trim() !== '');
}
