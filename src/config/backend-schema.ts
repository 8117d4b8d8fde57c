import { SERVICE_PATTERN } from '../core/service-name';
import { waitingPage } from './waiting-page-schema';

/** Starts with `/`; printable ASCII without `#` and `?`. The ranges leave those two out. */
const PATH = '^/[!"$->@-~]*$';
const WRITE_PATH =
  'a path such as "/kong": it starts with /, has no query, no // and no space (write other characters as %XX)';
/** Names that a URL takes for steps in its path: with `..` a publish would go to another part of Dapr's API. */
const NOT_DOTS = { pattern: '^[.][.]?$' } as const;
/** Printable ASCII without spaces. */
const NAME = '^[!-~]+$';

/** A path prefix. */
export const path = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  pattern: PATH,
  not: { pattern: '//' },
  'x-write': WRITE_PATH,
  'x-form': 'path',
} as const;

const pubsub = {
  type: 'string',
  minLength: 1,
  maxLength: 260,
  pattern: NAME,
  not: NOT_DOTS,
  'x-write': 'the name of the Dapr pub/sub component, 1 to 260 characters without spaces',
} as const;

const topic = {
  type: 'string',
  minLength: 1,
  maxLength: 260,
  pattern: NAME,
  not: NOT_DOTS,
  'x-write': 'the name of the topic, 1 to 260 characters without spaces',
} as const;

/** An entry of `wakes_with`: a topic that another backend is woken by. */
const companion = {
  type: 'object',
  additionalProperties: false,
  required: ['topic'],
  properties: {
    pubsub: {
      ...pubsub,
      'x-default': 'that of the backend',
      description: 'Name of the Dapr pub/sub component of the topic.',
    },
    topic: { ...topic, description: 'Topic of the other backend.' },
  },
  'x-write': 'an object with the topic of another backend',
  description: 'Another backend that this one needs.',
} as const;

/** An entry of `backend`: one workload. */
export const backend = {
  type: 'object',
  additionalProperties: false,
  required: ['target', 'pubsub', 'topic'],
  properties: {
    target: {
      ...path,
      description:
        'Path prefix of the requests that belong to this backend, matched on segment boundaries: `/kong` covers `/kong` and ' +
        '`/kong/x`, not `/kongress`. The longest target that covers a request wins.',
    },
    health: {
      type: 'string',
      default: '',
      minLength: 0,
      maxLength: 1024,
      pattern: '^[!"$-~]*$',
      not: { pattern: '^[^/]' },
      'x-write': 'a path that is appended to target, such as "/healthz", or "" to publish without waiting',
      'x-form': 'path',
      description:
        'Path that is appended to `target` and probed. Empty: the wake-up is published and the request goes on ' +
        'at once; with `probe.grpc`, the health service of gRPC is asked at its own path.',
    },
    pubsub: { ...pubsub, description: 'Name of the Dapr pub/sub component (`metadata.name` of the Component).' },
    topic: {
      ...topic,
      description: "Topic that wake-ups are published to. KEDA's trigger reads the queue that is bound to it.",
    },
    wakes_with: {
      type: 'array',
      default: [],
      maxItems: 16,
      items: companion,
      'x-write': 'a list of up to 16 topics, such as [{topic: bar}]',
      description:
        'Topics of other backends that are woken whenever this one is: what it needs starts beside it, not after it. Each gets the same ' +
        'message at the same times. Requests wait for this backend alone, so let `health` say when it can do without waiting for others.',
    },
    service: {
      type: 'string',
      minLength: 1,
      maxLength: 190,
      pattern: SERVICE_PATTERN,
      'x-write': 'a Service as name.namespace:port, such as "consumer.default:8080"',
      'x-default': 'the Service that the ingress controller names to Kong',
      description:
        'The Kubernetes Service behind the target, as `name.namespace:port` with the name or number of its port. Only for the fast ' +
        'lane, and only where Kong cannot tell: a service that was not made from an Ingress.',
    },
    waiting_page: waitingPage,
  },
  'x-write': 'an object with target, pubsub and topic',
  description: 'A workload that scales to zero, and how to wake it.',
} as const;
