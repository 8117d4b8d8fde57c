/** `fallback`. Kong fills in a nested record whether it was written or not, so its address says that it is wanted. */
export const fallback = {
  type: 'object',
  additionalProperties: false,
  default: {},
  properties: {
    address: {
      type: 'string',
      minLength: 3,
      maxLength: 260,
      pattern: '^[A-Za-z0-9._-]+:[0-9]+$',
      'x-write': 'a host with its port, such as "sorry.default.svc:8080"',
      'x-default': 'none',
      description:
        'Host name or IPv4 address, and port, of another upstream. A name only where the service of the route has one, too. Not given: requests are answered by the plugin.',
    },
    after: {
      type: 'integer',
      minimum: 0,
      maximum: 3_600_000,
      'x-unit': 'ms',
      'x-default': 'when the hold fails',
      description: 'A request that is held for so long goes to the fallback, while the backend wakes on.',
    },
    on: {
      type: 'array',
      default: ['timeout', 'overflow', 'unwoken', 'maintenance'],
      maxItems: 4,
      items: {
        type: 'string',
        enum: ['timeout', 'overflow', 'unwoken', 'maintenance'],
        description: 'Why a request would be answered with an error.',
      },
      'x-write': 'a list of "timeout", "overflow", "unwoken" and "maintenance"',
      description:
        'In place of which errors requests go there: `timeout` at the hold deadline, `overflow` when too many are held, `unwoken` when ' +
        'no wake-up can be sent or none is allowed, `maintenance`. What is not named is answered, with the waiting page where there is one.',
    },
  },
  'x-write': 'an object such as {address: "sorry.default.svc:8080"}',
  description:
    'Where requests go that the backend does not get, in place of an error. The answer has `X-Serverless-Fallback`.',
} as const;
