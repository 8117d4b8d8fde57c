import { type Client, type ClientReadableStream, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { status as Code, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { externalScalerDefinition, type ScaledObjectRef } from '../../src/scaler/contract';
import type { Clock } from '../clock';
import type { Demand } from '../keda/demand';
import type { Scaling } from '../manifests/scaled-object';

/** KEDA opens a stream that ended well again after this, milliseconds (E9). */
const AFTER_END_MS = 2000;
/** One that broke, or could not be opened, after this, then after twice that, up to the last (E9). */
const FIRST_RETRY_MS = 4000;
const LAST_RETRY_MS = 60_000;
/** Of a call. */
const TIMEOUT_MS = 2000;

type Callback<T> = (error: ServiceError | null, reply?: T) => void;

interface ScalerClient extends Client {
  isActive(ref: ScaledObjectRef, options: object, callback: Callback<{ result: boolean }>): void;
  streamIsActive(ref: ScaledObjectRef): ClientReadableStream<{ result: boolean }>;
  getMetrics(
    request: { scaledObjectRef: ScaledObjectRef; metricName: string },
    options: object,
    callback: Callback<{ metricValues: { metricValueFloat: number }[] }>,
  ): void;
}

const ScalerClient = makeGenericClientConstructor(externalScalerDefinition(), 'ExternalScaler');

/** What an external scaler says, and pushes: KEDA's side of its contract. */
export class PushDemand implements Demand {
  readonly #client: ScalerClient;
  readonly #clock: Pick<Clock, 'after'>;

  /** @param port of the scaler, for gRPC */
  constructor(port: number, clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
    const options = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1000 };
    this.#client = new ScalerClient(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
      options,
    ) as unknown as ScalerClient;
  }

  /** As KEDA's operator asks both: an active one counts for at least one request. */
  async of(scaling: Scaling): Promise<number> {
    const scaledObjectRef = refOf(scaling);
    const { result } = await this.#call<{ result: boolean }>((options, done) => {
      this.#client.isActive(scaledObjectRef, options, done);
    });
    if (!result) return 0;
    const { metricValues } = await this.#call<{ metricValues: { metricValueFloat: number }[] }>((options, done) => {
      this.#client.getMetrics({ scaledObjectRef, metricName: '' }, options, done);
    });
    return Math.max(1, metricValues[0]?.metricValueFloat ?? 0);
  }

  follow(scaling: Scaling, onWanted: () => void): () => void {
    let call: ClientReadableStream<{ result: boolean }> | undefined;
    let failures = 0;
    let cancel = (): void => undefined;
    const open = (): void => {
      call = this.#client.streamIsActive(refOf(scaling));
      call.on('data', ({ result }: { result: boolean }) => {
        failures = 0;
        // What is not wanted is left to the polls, as KEDA does (E9).
        if (result) onWanted();
      });
      // The status says it, too, and always comes.
      call.on('error', () => undefined);
      call.on('status', ({ code }: StatusObject) => {
        if (code === Code.OK) failures = 0;
        const waitMs = code === Code.OK ? AFTER_END_MS : Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS);
        cancel = this.#clock.after(waitMs, open);
      });
    };
    open();
    return () => {
      call?.removeAllListeners('status');
      call?.cancel();
      cancel();
    };
  }

  words(amount: number): string {
    return amount === 1 ? 'told of 1 request' : `told of ${Math.round(amount)} requests`;
  }

  close(): void {
    this.#client.close();
  }

  #call<T>(ask: (options: object, done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      ask({ deadline: Date.now() + TIMEOUT_MS }, (error, reply) => {
        if (reply === undefined) reject(new Error(error?.details ?? 'no answer'));
        else resolve(reply);
      });
    });
  }
}

function refOf({ name, push }: Scaling): ScaledObjectRef {
  return { name, namespace: 'kong', scalerMetadata: push ?? {} };
}
