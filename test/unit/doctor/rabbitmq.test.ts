import type { HttpRequest } from '../../../src/adapters/http-client';
import { rabbitmqQueue } from '../../../src/doctor/checks/rabbitmq-queue';
import { type Answers, type Given, says } from './surroundings';

const API = 'http://rabbit:15672/api';
const management = { url: 'http://rabbit:15672', authorization: 'Basic Zm9v', vhost: '/' };
const backends = [
  { pubsub: 'a', topic: 'serverless', maxHeld: 1 },
  { pubsub: 'b', topic: 'serverless', maxHeld: 1 },
];

const EXCHANGE = `${API}/exchanges/%2F/serverless`;
const BINDINGS = `${EXCHANGE}/bindings/source`;
const QUEUE = `${API}/queues/%2F/wake`;
const good: Answers = {
  [EXCHANGE]: [200, { durable: true, auto_delete: false }],
  [BINDINGS]: [
    200,
    [
      { destination: 'wake', destination_type: 'queue' },
      { destination: 'x', destination_type: 'exchange' },
    ],
  ],
  [QUEUE]: [200, { messages: 3, consumers: 0, arguments: { 'x-message-ttl': 30000 } }],
};

test.each<[string, Given, string[]]>([
  ['no URL', { backends }, ['skipped: Not looked at: give --rabbitmq-management-url http://USER:PASSWORD@HOST:15672.']],
  ['no topic', { management }, ['skipped: No topic is known: give --config FILE or --publish PUBSUB/TOPIC.']],
  [
    'all in order',
    { management, backends, answers: good },
    ['ok: "serverless" leads to queue "wake" (3 messages, TTL 30000 ms).'],
  ],
  ['no answer', { management, backends }, ['error: http://rabbit:15672: connect ECONNREFUSED.']],
  [
    'a wrong password',
    { management, backends, answers: { [EXCHANGE]: [401] } },
    ['error: http://rabbit:15672 answers 401.'],
  ],
  [
    'something else',
    { management, backends, answers: { [EXCHANGE]: [302] } },
    ['error: http://rabbit:15672 answers 302.'],
  ],
  [
    'no exchange',
    { management, backends, answers: { [EXCHANGE]: [404] } },
    ['error: There is no exchange "serverless".'],
  ],
  [
    'no queue bound (D3)',
    { management, backends, answers: { ...good, [BINDINGS]: [200, []] } },
    ['error: Exchange "serverless" has no queue: every wake-up is dropped.'],
  ],
  [
    'an exchange that goes with its last queue (D4)',
    { management, backends, answers: { ...good, [EXCHANGE]: [200, { durable: true, auto_delete: true }] } },
    ['error: Exchange "serverless" is auto-delete.', expect.stringContaining('ok: ')],
  ],
  [
    'a transient exchange',
    { management, backends, answers: { ...good, [EXCHANGE]: [200, { durable: false, auto_delete: false }] } },
    ['error: Exchange "serverless" is transient.', expect.stringContaining('ok: ')],
  ],
  [
    'no TTL',
    { management, backends, answers: { ...good, [QUEUE]: [200, { arguments: {} }] } },
    ['error: "serverless" leads to queue "wake" (0 messages, TTL none): the backend never sleeps again.'],
  ],
  [
    'a TTL by policy',
    {
      management,
      backends,
      answers: { ...good, [QUEUE]: [200, { effective_policy_definition: { 'message-ttl': 9000 } }] },
    },
    ['ok: "serverless" leads to queue "wake" (0 messages, TTL 9000 ms).'],
  ],
  [
    'somebody who takes the wake-ups out',
    { management, backends, answers: { ...good, [QUEUE]: [200, { consumers: 2, arguments: { 'x-message-ttl': 1 } }] } },
    [expect.stringMatching(/^warning: .* 2 consumers take the wake-ups out\.$/)],
  ],
  [
    'a queue that may not be seen',
    { management, backends, answers: { ...good, [QUEUE]: [404] } },
    ['warning: "serverless" leads to queue "wake", which cannot be read: http://rabbit:15672 answers 404.'],
  ],
])('%s', async (_, given, expected) => {
  expect(await says(rabbitmqQueue, given)).toEqual(expected);
});

test('names are escaped and the user is sent', async () => {
  const asked: HttpRequest[] = [];
  await says(rabbitmqQueue, {
    asked,
    management: { ...management, vhost: 'a/b' },
    backends: [{ pubsub: 'p', topic: 'x/y', maxHeld: 1 }],
  });
  expect(asked).toEqual([
    expect.objectContaining({
      url: `${API}/exchanges/a%2Fb/x%2Fy`,
      headers: expect.objectContaining({ Authorization: 'Basic Zm9v' }),
    }),
  ]);
});
