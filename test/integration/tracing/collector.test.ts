import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { findPart } from '../../../real-parts/find';
import { makeFolder, removeFolder } from '../../../real-parts/guard';
import { freePort } from '../../../real-parts/ports';
import { Process } from '../../../real-parts/processes';
import { until } from '../../../real-parts/wait';
import { FakeOtlp } from '../../support/fake-otlp';
import { describeWith, stopAll } from '../../support/suite';
import { TRACE, TracedRig } from './traced-rig';

/** A real OpenTelemetry Collector, which passes on what it takes. */
class Collector {
  private constructor(
    readonly url: string,
    readonly folder: string,
    readonly process: Process,
  ) {}

  static async start(to: string): Promise<Collector> {
    const found = findPart('otelcol');
    if (found.how !== 'binary') throw new Error('the collector must be a program');
    const folder = makeFolder('otelcol');
    const port = await freePort();
    const config = join(folder, 'config.json');
    const exporter = { endpoint: to, encoding: 'json', compression: 'none', sending_queue: { enabled: false } };
    writeFileSync(
      config,
      JSON.stringify({
        receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
        exporters: { otlphttp: exporter },
        service: {
          telemetry: { metrics: { level: 'none' } },
          pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } },
        },
      }),
    );
    const logFile = join(folder, 'otelcol.log');
    const process_ = await Process.start(found.path, ['--config', config], { logFile });
    const collector = new Collector(`http://127.0.0.1:${port}`, folder, process_);
    try {
      await process_.becomes('the collector listens', async () => (await fetch(collector.url)).status === 404);
    } catch (error) {
      await collector.stop();
      throw error;
    }
    return collector;
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGTERM', 3000);
    await removeFolder(this.folder);
  }
}

describeWith(['otelcol'], 'traces, through a real OpenTelemetry Collector', () => {
  let otlp: FakeOtlp | undefined;
  let collector: Collector | undefined;
  let rig: TracedRig | undefined;
  afterAll(stopAll(() => [rig, collector, otlp]));

  test('arrive as they were sent', async () => {
    otlp = await FakeOtlp.start();
    collector = await Collector.start(otlp.url);
    rig = await TracedRig.start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await rig.coldStart();
    await rig.end();
    await until('all spans are there', () => otlp?.spans.length === 4);
    const names = otlp.spans.map(({ name, traceId, service }) => [name, traceId, service]);
    expect(names.sort()).toEqual([
      ['hold', TRACE, 'kong-serverless'],
      ['probe', TRACE, 'kong-serverless'],
      ['publish', TRACE, 'kong-serverless'],
      ['wake', TRACE, 'kong-serverless-scaler'],
    ]);
  }, 60_000);
});
