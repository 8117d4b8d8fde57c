import { path } from './backend-schema';

const status = { type: 'integer', minimum: 200, maximum: 599 } as const;
const body = {
  type: 'string',
  minLength: 0,
  maxLength: 4096,
  pattern: '^[^\u0001]*$',
  'x-write': 'a text of at most 4096 characters',
} as const;
const headers = {
  type: 'array',
  maxItems: 20,
  items: {
    type: 'string',
    minLength: 4,
    maxLength: 1024,
    pattern: '^[A-Za-z0-9-]+: [ -~]+$',
    'x-write': 'a header such as "Access-Control-Allow-Origin: *"',
    description: 'A header: its name, a colon, a space and its value.',
  },
  'x-write': 'a list of up to 20 headers, such as ["Access-Control-Allow-Origin: *"]',
} as const;

const matcher = {
  type: 'object',
  additionalProperties: false,
  'x-at-least-one-of': ['path', 'method', 'user_agent', 'class'],
  properties: {
    path: { ...path, description: 'Path prefix on segment boundaries.' },
    method: {
      type: 'string',
      minLength: 1,
      maxLength: 32,
      pattern: '^[A-Za-z-]+$',
      'x-write': 'a method such as "OPTIONS"',
      description: 'HTTP method, in upper or lower case.',
    },
    user_agent: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      pattern: '^[ -~]+$',
      'x-write': 'a part of a User-Agent such as "Googlebot", 1 to 256 characters of ASCII',
      description: 'Text that is contained in the User-Agent, in upper or lower case.',
    },
    class: {
      type: 'string',
      enum: ['preflight', 'head', 'probe', 'bot'],
      description:
        'Requests that are alike. `preflight`: OPTIONS with `Origin` and `Access-Control-Request-Method`. `head`: HEAD. `probe`: the ' +
        'User-Agent of a health check of Kubernetes, of a load balancer or of monitoring. `bot`: that of a crawler, by the list of isbot, ' +
        'which is not a library for HTTP such as curl.',
    },
    status: { ...status, 'x-default': '`no_wake_status`', description: 'HTTP status of the answer.' },
    body: { ...body, 'x-default': '`no_wake_body`', description: 'Body of the answer.' },
    headers: { ...headers, 'x-default': '`no_wake_headers`', description: 'Headers of the answer.' },
  },
  'x-write': 'an object with at least one of path, method, user_agent and class',
  description: 'Conditions of which at least one is given. A request matches where all that are given hold.',
} as const;

/** The fields of the configuration that say who must not wake a backend. */
export const noWake = {
  no_wake: {
    type: 'array',
    default: [],
    maxItems: 100,
    items: matcher,
    'x-write': 'a list of up to 100 matchers, such as [{path: /kong/metrics}, {class: bot}]',
    description:
      'Requests that never wake a backend: those that match an entry, of which the first one says what they get. While the backend is ' +
      'ready they pass like any other, and do not keep it up by themselves. With entries, warm requests cost the calls to ' +
      'Kong that tell whether one matches: the first 32 in half a second, which stand for the others.',
  },
  no_wake_status: {
    ...status,
    default: 503,
    description: 'HTTP status that a request of `no_wake` gets while the backend sleeps.',
  },
  no_wake_body: {
    ...body,
    'x-default': 'a problem document where the status is 400 or more, else none',
    description: 'Body of that answer.',
  },
  no_wake_headers: {
    ...headers,
    default: [],
    description:
      'Headers of that answer. With one, or with a body, the problem document and its `Retry-After` are left out.',
  },
} as const;
