import { version } from '../../package.json';
import type { Clock, Logger } from '../core/ports';
import type { Tracer } from '../core/tracing';
import { tracesAskedFor } from './endpoint';

const HOW_TO_GET_IT =
  'is set, but tracing.js is not beside this executable, so no traces are sent: take the image, or copy dist/tracing.js beside it';

/**
 * OpenTelemetry comes in a file of its own, which is read only where the environment asks for traces: a process that sends none starts as
 * fast and is as small as without. Undefined: no traces are sent, and the log says so where they were asked for.
 *
 * @param service `service.name` of the spans, unless the environment says another
 */
export async function loadTracer(
  service: string,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  logger: Logger,
): Promise<Tracer | undefined> {
  const variable = tracesAskedFor(env);
  if (variable === undefined) return undefined;
  try {
    const { createTracer } = await import('./open-telemetry.js');
    const tracer = createTracer({ service: { name: service, version }, clock, logger });
    logger.info({ variable, sampler: env['OTEL_TRACES_SAMPLER'] }, 'traces are sent by OTLP over HTTP');
    if (env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'grpc')
      logger.warn(
        { variable },
        'OTEL_EXPORTER_OTLP_PROTOCOL is grpc, but traces are sent over HTTP: name the port for that, 4318',
      );
    return tracer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
      logger.error({ variable }, `${variable} ${HOW_TO_GET_IT}`);
    else logger.error({ err: error, variable }, 'OpenTelemetry cannot be started, so no traces are sent');
    return undefined;
  }
}
