import { join } from 'node:path';
import { findPart } from '../../../real-parts/find';
import { makeFolder, removeFolder } from '../../../real-parts/guard';
import { freePort } from '../../../real-parts/ports';
import { Process } from '../../../real-parts/processes';
import { until } from '../../../real-parts/wait';
import { describeWith, stopAll } from '../../support/suite';
import { PARENT, TRACE, TracedRig } from './traced-rig';

interface JaegerTrace {
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    readonly processID: string;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** A real Jaeger, which keeps what it is sent in memory. */
class Jaeger {
  private constructor(
    readonly otlp: string,
    readonly query: string,
    readonly folder: string,
    readonly process: Process,
  ) {}

  static async start(): Promise<Jaeger> {
    const found = findPart('jaeger');
    if (found.how !== 'binary') throw new Error('Jaeger must be a program');
    const folder = makeFolder('jaeger');
    const at: string[] = [];
    for (let port = 0; port < 7; port += 1) at.push(`127.0.0.1:${await freePort()}`);
    const flags = [
      ...['collector.otlp.http', 'query.http-server', 'collector.otlp.grpc', 'query.grpc-server', 'admin.http'],
      ...['collector.http-server', 'collector.grpc-server'],
    ].map((name, n) => `--${name}.host-port=${at[n]}`);
    const logFile = join(folder, 'jaeger.log');
    const process_ = await Process.start(found.path, flags, { logFile, env: { SPAN_STORAGE_TYPE: 'memory' } });
    const jaeger = new Jaeger(`http://${at[0]}`, `http://${at[1]}`, folder, process_);
    try {
      await process_.becomes('Jaeger listens', async () => {
        await fetch(jaeger.otlp);
        return (await fetch(`${jaeger.query}/api/services`)).ok;
      });
    } catch (error) {
      await jaeger.stop();
      throw error;
    }
    return jaeger;
  }

  async trace(id: string): Promise<JaegerTrace | undefined> {
    const answer = await fetch(`${this.query}/api/traces/${id}`);
    return ((await answer.json()) as { data?: JaegerTrace[] }).data?.[0];
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGTERM', 3000);
    await removeFolder(this.folder);
  }
}

describeWith(['jaeger'], 'a cold start in a real Jaeger', () => {
  let jaeger: Jaeger | undefined;
  let rig: TracedRig | undefined;
  afterAll(stopAll(() => [rig, jaeger]));

  test('is one trace: the hold below the client’s span, the probes and the wake-up below it, the scaler below that', async () => {
    jaeger = await Jaeger.start();
    rig = await TracedRig.start({ OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlp });
    await rig.coldStart();
    await rig.end();
    const { spans, processes } = await until('all spans are there', async () => {
      const trace = await jaeger?.trace(TRACE);
      return trace?.spans.length === 4 && trace;
    });
    const names = new Map([[PARENT, 'client'], ...spans.map((span) => [span.spanID, span.operationName] as const)]);
    const tree = spans.map(({ operationName, processID, references }) => [
      operationName,
      processes[processID]?.serviceName,
      references.map(({ refType, spanID }) => `${refType} ${names.get(spanID)}`).join(),
    ]);
    expect(tree.sort()).toEqual([
      ['hold', 'kong-serverless', 'CHILD_OF client'],
      ['probe', 'kong-serverless', 'CHILD_OF hold'],
      ['publish', 'kong-serverless', 'CHILD_OF hold'],
      ['wake', 'kong-serverless-scaler', 'CHILD_OF publish'],
    ]);
  }, 60_000);
});
