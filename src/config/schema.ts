import type { FromSchema } from 'json-schema-to-ts';
import { backend } from './backend-schema';
import { fallback } from './fallback-schema';
import { noWake } from './no-wake-schema';

/** The longest hold that can be configured: no HTTP client waits longer, and timers end at 24.8 days. Milliseconds. */
export const LONGEST_HOLD_MS = 3_600_000;
/** One day. Seconds. */
export const LONGEST_MESSAGE_TTL = 86_400;

const probe = {
  type: 'object',
  additionalProperties: false,
  default: {},
  properties: {
    timeout: {
      type: 'integer',
      minimum: 10,
      maximum: 60_000,
      'x-unit': 'ms',
      'x-default': '1000, or the hold deadline where that is shorter',
      description:
        'How long one probe may take. Each that times out doubles it for the next one, up to 10 s, until one answers in time: a slow ' +
        'health path keeps nobody from a backend that serves.',
    },
    settle: {
      type: 'integer',
      default: 1000,
      minimum: 0,
      maximum: 60_000,
      'x-unit': 'ms',
      description:
        "How long a configuration push may take to reach Kong's other nginx workers after a probe passed on the first. A request is " +
        'held until a probe passes on its own worker, or until this long after the first that passed. 0: do not ' +
        'wait for the others.',
    },
    statuses: {
      type: 'array',
      default: [200],
      minItems: 1,
      maxItems: 50,
      items: { type: 'integer', minimum: 200, maximum: 499, description: 'A status code.' },
      'x-write': 'a list of 1 to 50 status codes from 200 to 499, such as [200, 204]',
      description:
        'Status codes that pass. Redirects are not followed. 5xx cannot pass: Kong itself answers 503 for a backend without replicas.',
    },
    grpc: {
      type: 'boolean',
      default: false,
      description:
        'Probe by a call of `grpc.health.v1.Health/Check` over HTTP/2, for a route that takes gRPC only. SERVING passes, whatever ' +
        '`statuses` says. It goes through `SERVERLESS_GATEWAY_GRPC_URL`, so the route has to lead to `/grpc.health.v1.Health/Check`, too; ' +
        'or to `target` + `health`, where `health` is given.',
    },
    successes: {
      type: 'integer',
      default: 1,
      minimum: 1,
      maximum: 100,
      description: 'How many probes in a row must pass before a waking backend is ready.',
    },
    host: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      pattern: '^[A-Za-z0-9._:-]+$',
      'x-write': 'a host name, with a port if needed, such as "shop.example.com"',
      'x-default': 'the Host of the request that is waiting',
      description: 'Host header of the probes, for an Ingress rule with a host.',
    },
    url: {
      type: 'string',
      minLength: 1,
      maxLength: 2048,
      pattern: '^https?://[!"$-~]+$',
      format: 'http-url',
      'x-write': 'a URL such as "http://consumer.default.svc:8080/healthz", without user name, password and fragment',
      'x-default': 'the gateway, path `target` + `health`',
      'x-form': 'URL',
      description:
        'Probe this URL directly instead of the backend through the gateway. It proves less: the backend may be ready before ' +
        'Kong has its address, and no nginx worker is proven by it, so every release waits for `settle`; write 0 there if the ' +
        'Service is routed by its cluster address. Only with one backend.',
    },
  },
  'x-write': 'an object such as {timeout: 500}',
  description: 'How readiness is probed.',
} as const;

/**
 * THE definition of the plugin's configuration. Kong's schema fields (kong-fields.ts), the validator and its defaults (parse.ts),
 * the type `Config` and docs/configuration.md are all made from it.
 */
export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['backend'],
  'x-write': 'an object with backend: [{target, pubsub, topic}]',
  description: 'How the plugin holds, wakes and releases.',
  properties: {
    backend: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: backend,
      'x-write':
        'a list of 1 to 100 backends, such as [{target: /kong, health: /healthz, pubsub: ' +
        'kong-serverless-plugin, topic: serverless}]',
      description:
        'The backends behind the routes that this plugin is applied to. With one backend whose target covers its route, a warm ' +
        'request costs no call to Kong; with several, each costs one, for its path.',
    },
    count: {
      type: 'integer',
      default: 300,
      minimum: 1,
      maximum: 360_000,
      description: 'A request is held for at most `count` × `interval`: the hold deadline.',
    },
    interval: {
      type: 'integer',
      default: 100,
      minimum: 10,
      maximum: 60_000,
      'x-unit': 'ms',
      description:
        'Probe period while a backend wakes, ±10 % so that many gateway nodes do not probe at the same moment.',
    },
    hold_timeout: {
      type: 'integer',
      minimum: 10,
      maximum: LONGEST_HOLD_MS,
      'x-unit': 'ms',
      'x-default': '`count` × `interval`',
      description: 'The hold deadline, said directly.',
    },
    on_timeout: {
      type: 'string',
      default: 'reject',
      enum: ['reject', 'pass'],
      description:
        'What a request gets at its hold deadline. `reject`: 503 with Retry-After and the reason. `pass`: it ' +
        "goes on to the sleeping backend, and gets Kong's own error.",
    },
    max_held: {
      type: 'integer',
      default: 1000,
      minimum: 1,
      maximum: 100_000,
      description:
        'How many requests one backend may have held on one gateway node. One more is answered 503 with ' +
        'Retry-After at once. `SERVERLESS_MAX_HELD` bounds all backends together.',
    },
    lease: {
      type: 'integer',
      default: 5000,
      minimum: 100,
      maximum: LONGEST_HOLD_MS,
      'x-unit': 'ms',
      description:
        'How long a passed probe is trusted. Under traffic it is renewed in the background; after a longer idle ' +
        'gap the next request is held until a probe passes. One that is shorter than twice `probe.settle` counts as that long.',
    },
    probe,
    message_ttl: {
      type: 'integer',
      default: 30,
      minimum: 1,
      maximum: LONGEST_MESSAGE_TTL,
      'x-unit': 's',
      description:
        "Time to live of each message (Dapr's `ttlInSeconds`). Nobody consumes the queue, so its depth is the " +
        "number of messages younger than this, and the backend stays up for this plus KEDA's cooldown after the " +
        'last message.',
    },
    requests_per_message: {
      type: 'integer',
      default: 1,
      minimum: 1,
      maximum: 100_000,
      description:
        'One activity message stands for this many requests. Fewer do not wait for more: they are sent within half of `message_ttl`, so ' +
        'that the queue does not run empty under slow traffic.',
    },
    max_message_rate: {
      type: 'number',
      default: 10,
      exclusiveMinimum: 0,
      maximum: 1000,
      'x-unit': 'per second',
      description:
        'Messages per second for each backend and gateway node, at most. A deeper queue than KEDA can use is waste. Below 1 it is one ' +
        'message in so many seconds, which must be fewer than half of `message_ttl`.',
    },
    ...noWake,
    max_wakes: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      'x-default': 'no bound',
      description:
        'How many cold starts of one backend one gateway node may cause in any hour. A request that would cause one more gets 503 with ' +
        'the time when the next one is allowed. Not for a backend without `health`.',
    },
    max_failed_wakes: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      'x-default': 'no bound',
      description:
        'After so many cold starts in a row at whose end nobody was let through, requests get 503 at once for 30 s. Then one more start ' +
        'is tried; each that fails doubles the pause, up to 1 hour. Not for a backend without `health`.',
    },
    maintenance: {
      type: 'boolean',
      default: false,
      description:
        'The backends sleep on purpose: every request gets 503, or the waiting page that says so, and none wakes or reaches them.',
    },
    fallback,
    min_hold_timeout: {
      type: 'integer',
      minimum: 10,
      maximum: LONGEST_HOLD_MS,
      'x-unit': 'ms',
      'x-default': 'the hold deadline',
      description:
        'Brings the hold deadline forward where the backend is known: to twice the time within which nine of ten of its last cold starts ' +
        'were ready, not below this and not above the hold deadline. With fewer than 5 cold starts the hold deadline stands.',
    },
    release_rate: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 100_000,
      'x-unit': 'per second',
      'x-default': 'all at once',
      description:
        'How many held requests of one backend go on each second on one gateway node, so that a burst that was held does not fall on ' +
        'one new pod. A request goes at its hold deadline at the latest.',
    },
    respond_async: {
      type: 'boolean',
      default: false,
      description:
        'Whether a GET or HEAD with `Prefer: respond-async` is answered 202 while its backend wakes, after as many seconds as its `wait` ' +
        'says. Its `Location` is its own path: the same request tells how it goes, and is answered by the backend once that is up.',
    },
  },
} as const;

/** A configuration that the validator accepted, with the defaults filled in. Names and units as the user writes them. */
export type Config = FromSchema<typeof configSchema>;
