import type { Clock, Publisher, PublishTarget, WakeUp } from '../core/ports';
import type { PublishOutcome, PublishReport } from '../core/reports';
import type { TraceContext } from '../core/tracing';
import { systemClock } from './clock';
import { ConnectionPools } from './connection-pools';
import { HttpFailure, request } from './http-client';

/**
 * Dapr reconnects to a broker only inside a publish, after up to twice `reconnectWaitSeconds` (3 s by default): a client that
 * gives up before that never heals it (D2). No hold waits for this.
 */
const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 16 * 1024;
/**
 * Connections for the messages of one reason to one component. A component that hangs takes them all, so each component has its own;
 * and a cold start, for which somebody waits, has others than activity.
 */
const MAX_CONNECTIONS: Readonly<Record<WakeUp['reason'], number>> = { 'cold-start': 16, activity: 4 };
const MAX_MESSAGE_CHARS = 500;

export interface DaprSettings {
  /** Base URL of the sidecar's HTTP API. */
  readonly daprUrl: string;
  readonly daprToken: string | undefined;
}

function outcomeOf(status: number): PublishOutcome {
  if (status >= 200 && status < 300) return 'accepted';
  const passing = status === 408 || status === 429 || status >= 500;
  return passing ? 'retry' : 'refused';
}

/** Dapr's own words, when the answer is Dapr's: `{"errorCode", "message"}`. */
function daprError(body: string): Pick<PublishReport, 'error' | 'message'> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const { errorCode, message } = parsed as Record<string, unknown>;
    return {
      ...(typeof errorCode === 'string' ? { error: errorCode } : {}),
      ...(typeof message === 'string' ? { message: message.slice(0, MAX_MESSAGE_CHARS) } : {}),
    };
  } catch {
    return { error: 'the answer is not one of Dapr: is this the sidecar?' };
  }
}

/** Publishes through the Dapr sidecar's HTTP API, over keep-alive connections. */
export class DaprPublisher implements Publisher {
  readonly #pools: ConnectionPools;
  readonly #settings: DaprSettings;
  readonly #timeoutMs: number;

  /** @param timeoutMs of one publish */
  constructor(settings: DaprSettings, timeoutMs = TIMEOUT_MS, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
    this.#pools = new ConnectionPools(settings.daprUrl, clock);
  }

  async publish(target: PublishTarget, message: WakeUp, trace: TraceContext | undefined): Promise<PublishReport> {
    const { daprUrl, daprToken } = this.#settings;
    const topic = `${encodeURIComponent(target.pubsub)}/${encodeURIComponent(target.topic)}`;
    const ttlSeconds = Math.max(1, Math.ceil(target.ttlMs / 1000));
    const { reason } = message;
    const kind = `${reason} ${target.pubsub}`;
    try {
      const { status, body } = await this.#pools.use(kind, MAX_CONNECTIONS[reason], (pool) =>
        request({
          method: 'POST',
          url: `${daprUrl.replace(/\/+$/, '')}/v1.0/publish/${topic}?metadata.ttlInSeconds=${ttlSeconds}`,
          headers: {
            'Content-Type': 'application/json',
            ...(daprToken === undefined ? {} : { 'dapr-api-token': daprToken }),
            ...(trace === undefined ? {} : { traceparent: trace.traceparent }),
            ...(trace?.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
          },
          body: JSON.stringify(message),
          timeoutMs: this.#timeoutMs,
          maxBytes: MAX_BODY_BYTES,
          pool,
        }),
      );
      const outcome = outcomeOf(status);
      return outcome === 'accepted' ? { outcome, status } : { outcome, status, ...daprError(body) };
    } catch (error) {
      const why = error instanceof HttpFailure ? `${error.code}: ${error.message}` : String(error);
      return { outcome: 'retry', error: why };
    }
  }

  close(): void {
    this.#pools.destroy();
  }
}
