import type { Publisher, PublishTarget, WakeUp } from '../core/ports';
import type { PublishOutcome, PublishReport } from '../core/reports';
import { ConnectionPool } from './connection-pool';
import { HttpFailure, request } from './http-client';

/**
 * Dapr reconnects to a broker only inside a publish, after up to twice `reconnectWaitSeconds` (3 s by default): a client that
 * gives up before that never heals it (D2). No hold waits for this.
 */
const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 16;
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

/** Publishes through the Dapr sidecar's HTTP API, over one keep-alive connection pool. */
export class DaprPublisher implements Publisher {
  readonly #pool: ConnectionPool;
  readonly #settings: DaprSettings;
  readonly #timeoutMs: number;

  /** @param timeoutMs of one publish */
  constructor(settings: DaprSettings, timeoutMs = TIMEOUT_MS) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
    this.#pool = new ConnectionPool(settings.daprUrl, MAX_CONNECTIONS);
  }

  async publish(target: PublishTarget, message: WakeUp, traceparent: string | undefined): Promise<PublishReport> {
    const { daprUrl, daprToken } = this.#settings;
    const topic = `${encodeURIComponent(target.pubsub)}/${encodeURIComponent(target.topic)}`;
    const ttlSeconds = Math.max(1, Math.ceil(target.ttlMs / 1000));
    try {
      const { status, body } = await request({
        method: 'POST',
        url: `${daprUrl.replace(/\/+$/, '')}/v1.0/publish/${topic}?metadata.ttlInSeconds=${ttlSeconds}`,
        headers: {
          'Content-Type': 'application/json',
          ...(daprToken === undefined ? {} : { 'dapr-api-token': daprToken }),
          ...(traceparent === undefined ? {} : { traceparent }),
        },
        body: JSON.stringify(message),
        timeoutMs: this.#timeoutMs,
        maxBytes: MAX_BODY_BYTES,
        pool: this.#pool,
      });
      const outcome = outcomeOf(status);
      return outcome === 'accepted' ? { outcome, status } : { outcome, status, ...daprError(body) };
    } catch (error) {
      const reason = error instanceof HttpFailure ? `${error.code}: ${error.message}` : String(error);
      return { outcome: 'retry', error: reason };
    }
  }

  close(): void {
    this.#pool.destroy();
  }
}
