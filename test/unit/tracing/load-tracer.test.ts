import { systemClock } from '../../../src/adapters/clock';
import type { Logger } from '../../../src/core/ports';
import { loadTracer } from '../../../src/tracing/load-tracer';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };

const load = async (env: object): Promise<{ loaded: boolean; log: string[] }> => {
  const log: string[] = [];
  const line =
    (level: string) =>
    (_facts: object, sentence: string): void => {
      log.push(`${level}: ${sentence}`);
    };
  const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const tracer = await loadTracer('a-service', { ...env }, systemClock, logger);
  await tracer?.close();
  return { loaded: tracer !== undefined, log };
};

test('there is no tracer where none is asked for, and not a word', async () => {
  expect(await load({})).toEqual({ loaded: false, log: [] });
});

test('where one is asked for, the log says that there is', async () => {
  expect(await load(ENDPOINT)).toEqual({ loaded: true, log: ['info: traces are sent by OTLP over HTTP'] });
});

test('whoever asks for gRPC is told which port to name instead', async () => {
  const { log } = await load({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  expect(log).toContainEqual(expect.stringMatching(/^warn: OTEL_EXPORTER_OTLP_PROTOCOL is grpc.* 4318$/));
});
