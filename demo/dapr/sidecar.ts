import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../broker/broker';
import type { Clock } from '../clock';
import { messageOf } from '../error-message';
import type { Journal } from '../journal';
import type { Component } from '../manifests/component';
import { cloudEvent } from './cloud-event';
import { PublishDigest } from './digest';

/** A request to the sidecar's HTTP API. */
export interface ApiRequest {
  readonly method: string;
  /** Path with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly body?: object;
}

/** The version of Dapr whose responses these are. */
const VERSION = '1.18.2';

/** The sidecar of one application: as much of Dapr's HTTP API as the product uses, with Dapr's status codes and bodies. */
export class Sidecar {
  readonly #digest: PublishDigest;
  readonly #components: ReadonlyMap<string, Component>;
  readonly #appId: string;
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #journal: Journal;

  constructor(appId: string, components: readonly Component[], broker: Broker, clock: Clock, journal: Journal) {
    this.#appId = appId;
    this.#broker = broker;
    this.#clock = clock;
    this.#journal = journal;
    this.#digest = new PublishDigest(clock, journal);
    const loaded = components.filter(({ scopes }) => scopes.length === 0 || scopes.includes(appId));
    this.#components = new Map(loaded.map((component) => [component.name, component]));
  }

  /** Handles one request. Never rejects. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    const { pathname, searchParams } = new URL(request.url, 'http://dapr');
    if (pathname === '/v1.0/healthz' || pathname === '/v1.0/healthz/outbound') return { status: 204 };
    if (pathname === '/v1.0/metadata' && request.method === 'GET') return { status: 200, body: this.#metadata() };
    const publish = /^\/v1\.0\/publish\/([^/]+)\/(.+)$/.exec(pathname);
    if (publish !== null && (request.method === 'POST' || request.method === 'PUT')) {
      const [, pubsub = '', topic = ''] = publish.map(decodeURIComponent);
      return this.#publish(pubsub, topic, request, searchParams);
    }
    return {
      status: 404,
      body: {
        errorCode: 'ERR_DIRECT_INVOKE',
        message: 'failed getting app id either from the URL path or the header dapr-app-id',
      },
    };
  }

  async #publish(pubsub: string, topic: string, request: ApiRequest, query: URLSearchParams): Promise<ApiResponse> {
    const component = this.#components.get(pubsub);
    if (component === undefined) return notFound(pubsub);
    const traceparent = request.headers['traceparent'];
    const raw = query.get('metadata.rawPayload') === 'true';
    const published = {
      body: request.body,
      contentType: String(request.headers['content-type'] ?? 'text/plain'),
      appId: this.#appId,
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      now: this.#clock.now(),
    };
    try {
      // Dapr finds the connection lost, waits, reconnects, and waits once more before it gives up (D2).
      if (!this.#broker.running) await delay(2 * component.reconnectWaitMs);
      await this.#broker.publish(topic, {
        body: raw ? request.body : cloudEvent({ ...published, pubsub, topic }),
        ttlMs: ttlOf(query.get('metadata.ttlInSeconds')),
        persistent: component.persistent,
      });
      this.#digest.published(topic, request.body);
      return { status: 204 };
    } catch (error) {
      const message = `error when publish to topic ${topic} in pubsub ${pubsub}: ${messageOf(error)}`;
      this.#journal.warn('dapr', message);
      return { status: 500, body: { errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE', message } };
    }
  }

  #metadata(): object {
    const components = [...this.#components.values()].map(({ name }) => ({
      name,
      type: 'pubsub.rabbitmq',
      version: 'v1',
      capabilities: ['MESSAGE_TTL'],
    }));
    return { id: this.#appId, runtimeVersion: VERSION, components };
  }
}

function notFound(pubsub: string): ApiResponse {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', domain: 'dapr.io', metadata: {} };
  return {
    status: 404,
    body: {
      errorCode: 'ERR_PUBSUB_NOT_FOUND',
      message: `pubsub ${pubsub} is not found`,
      details: [{ ...info, reason: 'DAPR_PUBSUB_NOT_FOUND' }],
    },
  };
}

/** Anything but a whole number of seconds is ignored, as in Dapr (D5). */
function ttlOf(seconds: string | null): number | undefined {
  return seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}
