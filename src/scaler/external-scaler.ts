import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, ServiceError } from '@grpc/grpc-js';
import { status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock, Logger } from '../core/ports';
import type { ScaledObjectRef } from './contract';
import type { Demand } from './demand';
import { readTrigger, type Trigger } from './trigger';

const METRIC = 'requests';
/** `true` is sent again after so long while a gateway says that it holds, doubled up to the most: KEDA loses some (E9). */
const FIRST_REPEAT_MS = 25;
const MOST_REPEAT_MS = 1000;

type Stream = ServerWritableStream<ScaledObjectRef, { readonly result: boolean }>;
type Answer<T> = sendUnaryData<T>;

/** One of KEDA's streams. */
interface Push {
  readonly call: Stream;
  readonly topic: string;
  /** NAMESPACE/NAME of its ScaledObject. */
  readonly scaledObject: string;
  cancel: () => void;
}

/**
 * KEDA's external scaler, which pushes: a backend is scaled up the moment that a message says so. It is scaled in by KEDA's polls of
 * IsActive alone; `false` on a stream is ignored (E9).
 */
export class ExternalScaler {
  readonly #demand: Demand;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pushes = new Map<string, Set<Push>>();

  constructor(demand: Demand, clock: Clock, logger: Logger) {
    this.#demand = demand;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Streams that are open. */
  get streams(): number {
    return [...this.#pushes.values()].reduce((total, { size }) => total + size, 0);
  }

  /** Topics that streams are open for, with the ScaledObject of each stream. */
  open(): ReadonlyMap<string, readonly string[]> {
    return new Map(
      [...this.#pushes].map(([topic, pushes]) => [topic, [...pushes].map(({ scaledObject }) => scaledObject)]),
    );
  }

  /**
   * A message has come for this topic: whoever listens is told at once.
   *
   * @param told how many streams were, once it is written to all of them
   */
  wake(topic: string, told?: (streams: number) => void): void {
    const pushes = [...(this.#pushes.get(topic) ?? [])];
    let left = pushes.length;
    if (left === 0) told?.(0);
    const written = (): void => {
      left -= 1;
      if (left === 0) told?.(pushes.length);
    };
    for (const push of pushes) this.#push(push, FIRST_REPEAT_MS, written);
  }

  /** Ends all streams, and well: KEDA waits 2 s before it opens one again that ended so, and ever longer after one that broke (E9). */
  endStreams(): void {
    for (const pushes of this.#pushes.values()) for (const { call } of pushes) call.end();
  }

  get implementation(): UntypedServiceImplementation {
    return {
      IsActive: (call: ServerUnaryCall<ScaledObjectRef, object>, answer: Answer<object>) => {
        this.#answer(call.request, answer, ({ topic }) => ({ result: this.#wanted(topic).active }));
      },
      StreamIsActive: (call: Stream) => {
        this.#open(call);
      },
      GetMetricSpec: (call: ServerUnaryCall<ScaledObjectRef, object>, answer: Answer<object>) => {
        this.#answer(call.request, answer, ({ targetRequests }) => ({
          metricSpecs: [{ metricName: METRIC, targetSize: Math.ceil(targetRequests), targetSizeFloat: targetRequests }],
        }));
      },
      GetMetrics: (call: ServerUnaryCall<{ scaledObjectRef: ScaledObjectRef }, object>, answer: Answer<object>) => {
        this.#answer(call.request.scaledObjectRef, answer, ({ topic }) => {
          const { requests, held } = this.#wanted(topic);
          const value = Math.max(requests, held);
          return { metricValues: [{ metricName: METRIC, metricValue: Math.round(value), metricValueFloat: value }] };
        });
      },
    };
  }

  #wanted(topic: string): ReturnType<Demand['wanted']> {
    return this.#demand.wanted(topic, this.#clock.now());
  }

  #answer(ref: ScaledObjectRef, answer: Answer<object>, make: (trigger: Trigger) => object): void {
    try {
      answer(null, make(readTrigger(ref.scalerMetadata)));
    } catch (error) {
      answer(this.#invalid(ref, error));
    }
  }

  #invalid({ namespace, name }: ScaledObjectRef, error: unknown): Pick<ServiceError, 'code' | 'details'> {
    const details = error instanceof Error ? error.message : String(error);
    this.#logger.warn({ scaledObject: `${namespace}/${name}` }, `a trigger cannot be served: ${details}`);
    return { code: status.INVALID_ARGUMENT, details };
  }

  #open(call: Stream): void {
    let topic: string;
    try {
      ({ topic } = readTrigger(call.request.scalerMetadata));
    } catch (error) {
      call.emit('error', this.#invalid(call.request, error));
      return;
    }
    const { namespace, name } = call.request;
    const push: Push = { call, topic, scaledObject: `${namespace}/${name}`, cancel: () => undefined };
    const pushes = this.#pushes.get(topic) ?? new Set();
    this.#pushes.set(topic, pushes.add(push));
    const close = (): void => {
      push.cancel();
      pushes.delete(push);
      if (pushes.size === 0) this.#pushes.delete(topic);
    };
    call.once('close', close);
    call.once('cancelled', close);
    call.once('finish', close);
    call.on('error', close);
    this.#push(push, FIRST_REPEAT_MS);
  }

  /** Says `true` if that is so, and again while a gateway holds; a `false` would tell KEDA nothing. */
  #push(push: Push, repeatMs: number, written?: () => void): void {
    push.cancel();
    const { active, held } = this.#wanted(push.topic);
    if (!active) return;
    push.call.write({ result: true }, written);
    if (held === 0) return;
    push.cancel = this.#clock.after(repeatMs, () => {
      this.#push(push, Math.min(2 * repeatMs, MOST_REPEAT_MS));
    });
  }
}
