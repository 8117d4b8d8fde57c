import { ConnectionPool } from './connection-pool';
import { type HealthAnswer, type HealthClient, type HealthRequest, noAnswer } from './health-client';
import { HttpFailure, request } from './http-client';
import { PROBE_HEADER, PROBE_USER_AGENT } from './own-probes';

/** A health answer is drained so that its connection can be used again, but no further than this. */
const MAX_BODY_BYTES = 64 * 1024;

/** A health path that is asked with GET. */
export class HttpHealth implements HealthClient {
  readonly #url: string;
  readonly #pool: ConnectionPool;

  /** @param connections how many it may use at once */
  constructor(url: URL, connections: number) {
    this.#url = url.href;
    this.#pool = new ConnectionPool(url.href, connections);
  }

  get isOpen(): boolean {
    return this.#pool.isOpen;
  }

  async ask({ settings, host, ticket }: HealthRequest): Promise<HealthAnswer> {
    try {
      const { status } = await request({
        method: 'GET',
        url: this.#url,
        headers: {
          'User-Agent': PROBE_USER_AGENT,
          ...(host === undefined ? {} : { Host: host }),
          ...(ticket === undefined ? {} : { [PROBE_HEADER]: ticket }),
        },
        timeoutMs: settings.timeoutMs,
        maxBytes: MAX_BODY_BYTES,
        pool: this.#pool,
      });
      return { outcome: settings.statuses.includes(status) ? 'passed' : 'failed', report: { status } };
    } catch (error) {
      return error instanceof HttpFailure
        ? noAnswer(error.code, error.message)
        : { outcome: 'unanswered', report: { error: String(error) } };
    }
  }

  destroy(): void {
    this.#pool.destroy();
  }
}
