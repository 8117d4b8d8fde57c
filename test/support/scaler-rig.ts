import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { createInterface } from 'node:readline';
import { type ChannelCredentials, type Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { makeGenericClientConstructor, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { serverlessFile } from '../../real-parts/serverless';
import { until } from '../../real-parts/wait';
import { systemClock } from '../../src/adapters/clock';
import { createLogger } from '../../src/adapters/logger';
import { externalScalerDefinition } from '../../src/scaler/contract';
import { Scaler } from '../../src/scaler/scaler';
import { parseScalerSettings, scalerSettings } from '../../src/scaler/settings';

const ANY_PORTS = ['--grpc-listen', '127.0.0.1:0', '--http-listen', '127.0.0.1:0'];
const OPTIONS = Object.fromEntries(scalerSettings.map(({ option }) => [option, { type: 'string' as const }]));

type Callback<T> = (error: ServiceError | null, reply?: T) => void;

interface KedaClient extends Client {
  isActive(ref: object, callback: Callback<{ result: boolean }>): void;
  streamIsActive(ref: object): ClientReadableStream<{ result: boolean }>;
  getMetricSpec(ref: object, callback: Callback<object>): void;
  getMetrics(ref: object, callback: Callback<{ metricValues: { metricValueFloat: number }[] }>): void;
}

const Keda = makeGenericClientConstructor(externalScalerDefinition(), 'ExternalScaler');

/** A stream as KEDA opens one: what was pushed, and how it ended. */
export interface Stream {
  readonly pushed: number[];
  status: StatusObject | undefined;
}

export const ref = (topic: string, more: Record<string, string> = {}): object => ({
  name: topic,
  namespace: 'default',
  scalerMetadata: { pubsub: 'kong', topic, ...more },
});

/** `serverless scaler`, and a client that asks it as KEDA does. */
export class ScalerRig {
  readonly #clients: KedaClient[] = [];
  readonly #stop: (signal: NodeJS.Signals) => Promise<number | null>;

  private constructor(
    readonly grpcPort: number,
    readonly httpPort: number,
    stop: (signal: NodeJS.Signals) => Promise<number | null>,
  ) {
    this.#stop = stop;
  }

  /** As a process, from dist/. */
  static async start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<ScalerRig> {
    const child = spawn(process.execPath, [serverlessFile, 'scaler', ...ANY_PORTS, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    let ports: { grpc: number; http: number } | undefined;
    createInterface({ input: child.stderr }).on('line', (line) => {
      stderr += `${line}\n`;
      if (line.includes('the scaler listens')) ports = JSON.parse(line) as { grpc: number; http: number };
    });
    let ended = false;
    child.once('close', () => (ended = true));
    await until('the scaler listens or has ended', () => ended || ports !== undefined);
    if (ports === undefined) throw new Error(stderr);
    return new ScalerRig(ports.grpc, ports.http, async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = new Promise((resolve) => child.once('exit', resolve));
        child.kill(signal);
        await exited;
      }
      return child.exitCode;
    });
  }

  /** In this process. */
  static async here(args: readonly string[] = [], env: Record<string, string> = {}): Promise<ScalerRig> {
    const options = parseArgs({ args: [...ANY_PORTS, ...args], options: OPTIONS }).values;
    const parsed = parseScalerSettings(options, env);
    if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
    const scaler = new Scaler(parsed.settings, systemClock, createLogger('silent'));
    const { grpc, http } = await scaler.start();
    return new ScalerRig(grpc, http, async () => {
      await scaler.stop();
      return 0;
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  keda(secure: ChannelCredentials = credentials.createInsecure()): KedaClient {
    const client = new Keda(`127.0.0.1:${this.grpcPort}`, secure, {
      'grpc.use_local_subchannel_pool': 1,
    }) as unknown as KedaClient;
    this.#clients.push(client);
    return client;
  }

  stream(client: KedaClient, topic: string, pubsub = 'kong'): Stream {
    const call = client.streamIsActive(ref(topic, { pubsub }));
    const stream: Stream = { pushed: [], status: undefined };
    call.on('data', ({ result }: { result: boolean }) => {
      if (result) stream.pushed.push(performance.now());
    });
    call.on('error', () => undefined);
    call.on('status', (status) => (stream.status = status));
    return stream;
  }

  /** As a gateway publishes to Dapr. */
  publish(
    topic: string,
    message: object = { requests: 1 },
    ttl = 30,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.url}/v1.0/publish/kong/${topic}?metadata.ttlInSeconds=${ttl}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(message),
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    for (const client of this.#clients) client.close();
    return this.#stop(signal);
  }

  signal(signal: NodeJS.Signals): Promise<number | null> {
    return this.#stop(signal);
  }
}
