import { configSchema, LONGEST_HOLD_MS } from '../../../src/config/schema';
import { backendOf, backendsOf, configWith, entry, problemsOf } from './configs';

test('a lease that outlives the message is refused, one that does not is taken', () => {
  expect(problemsOf(configWith({ lease: 3000, message_ttl: 3 }))).toEqual([
    {
      field: 'lease',
      value: '3000',
      message: 'write less than message_ttl, which is 3 s, or a message_ttl of at least 4',
    },
  ]);
  expect(backendOf(configWith({ lease: 2999, message_ttl: 3 })).policy.leaseMs).toBe(2999);
});

test('a settle limit that would stretch the lease beyond the message is refused', () => {
  expect(problemsOf(configWith({ lease: 500, message_ttl: 2, probe: { settle: 1000 } }))).toEqual([
    {
      field: 'probe.settle',
      value: '1000',
      message: 'write less than half of message_ttl, which is 2 s, or a message_ttl of at least 3',
    },
  ]);
  expect(backendOf(configWith({ lease: 500, message_ttl: 2, probe: { settle: 999 } })).policy.settleMs).toBe(999);
});

test('a message_ttl below the default lease is refused with both ways out', () => {
  expect(problemsOf(configWith({ message_ttl: 5 }))).toMatchObject([
    { field: 'lease', value: '5000', message: expect.stringMatching(/which is 5 s, or a message_ttl of at least 6$/) },
  ]);
});

test('a rate that leaves the queue empty for part of the time is refused, with both ways out', () => {
  expect(problemsOf(configWith({ max_message_rate: 0.05 }))).toEqual([
    {
      field: 'max_message_rate',
      value: '0.05',
      message:
        'write at least 0.067: message_ttl is 30 s, and a message has to go out within half of it, or a message_ttl of at least 41',
    },
  ]);
  for (const fields of [{ max_message_rate: 0.067 }, { max_message_rate: 0.05, message_ttl: 41 }]) {
    expect(backendOf(configWith(fields)).policy).toMatchObject({ maxMessageRate: fields.max_message_rate });
  }
  expect(problemsOf(configWith({ max_message_rate: 1e-7 }))).toEqual([
    { field: 'max_message_rate', value: '1e-7', message: expect.stringMatching(/half of it$/) },
  ]);
});

test('no number that is accepted becomes a timer longer than a timer may be: 24.8 days', () => {
  const longest = 2 ** 31 - 1;
  const { properties } = configSchema;
  const extremes = {
    interval: properties.interval.maximum,
    count: Math.floor(LONGEST_HOLD_MS / properties.interval.maximum),
    lease: properties.lease.maximum,
    message_ttl: properties.message_ttl.maximum,
    max_message_rate: 2.4e-5,
    fallback: { address: 'sorry:80', after: properties.fallback.properties.after.maximum },
    probe: { timeout: properties.probe.properties.timeout.maximum, settle: properties.probe.properties.settle.maximum },
  };
  for (const more of [{}, { hold_timeout: properties.hold_timeout.maximum }]) {
    const { policy, probe, fallback } = backendOf(configWith({ ...extremes, ...more }));
    const { intervalMs, holdTimeoutMs, leaseMs, settleMs, messageTtlMs, maxMessageRate } = policy;
    const timers = [
      intervalMs,
      holdTimeoutMs,
      leaseMs,
      settleMs,
      messageTtlMs,
      1000 / maxMessageRate,
      probe.timeoutMs,
      fallback?.afterMs ?? NaN,
    ];
    expect(timers.filter((ms) => !(ms > 0 && ms <= longest))).toEqual([]);
  }
  expect(problemsOf(configWith({ ...extremes, max_message_rate: 2.3e-5 }))).toMatchObject([
    { field: 'max_message_rate' },
  ]);
  // Whatever gets a unit of time in the definition is looked at here. Turns by release_rate end at the hold deadline, and min_hold_timeout
  // is bounded by it.
  const units = JSON.stringify(configSchema).match(/"x-unit":"(ms|s|per second)"/g);
  expect(units).toHaveLength(11);
});

test('a hold of more than an hour by count and interval is refused with the largest count', () => {
  expect(problemsOf(configWith({ count: 3601, interval: 1000 }))).toEqual([
    { field: 'count', value: '3601', message: expect.stringMatching(/^write at most 3600: /) },
  ]);
  expect(backendOf(configWith({ count: 3600, interval: 1000 })).policy.holdTimeoutMs).toBe(3_600_000);
});

test('a probe timeout beyond the hold deadline is refused, one that equals it is taken', () => {
  expect(problemsOf(configWith({ hold_timeout: 400, probe: { timeout: 401 } }))).toEqual([
    {
      field: 'probe.timeout',
      value: '401',
      message: expect.stringMatching(/^write at most the hold deadline, 400 ms/),
    },
  ]);
  expect(backendOf(configWith({ hold_timeout: 400, probe: { timeout: 400 } })).probe.timeoutMs).toBe(400);
});

test.each(['/kong', '/kong/', '/%6Bong', '/a/../kong'])('a second backend at %s is refused', (target) => {
  expect(problemsOf({ backend: [entry('/other'), entry('/kong'), entry(target)] })).toEqual([
    {
      field: 'backend[2].target',
      value: JSON.stringify(target),
      message: 'write another path: it is the same as backend[1].target, "/kong"',
    },
  ]);
});

test('targets that cover each other, or differ in case, are distinct', () => {
  const targets = ['/', '/kong', '/kong/consumer', '/Kong'];
  expect(backendsOf({ backend: targets.map(entry) }).map(({ target }) => target)).toEqual(targets);
});

test('a probe URL for several backends is refused', () => {
  const backend = [
    { ...entry('/a'), health: '/up' },
    { ...entry('/b'), health: '/up' },
  ];
  expect(problemsOf({ backend, probe: { url: 'http://a.example/' } })).toEqual([
    {
      field: 'probe.url',
      value: '"http://a.example/"',
      message: expect.stringMatching(/give each of the 2 backends a plugin/),
    },
  ]);
});

test('a probe URL for a backend that is not probed is refused', () => {
  expect(problemsOf(configWith({ probe: { url: 'http://a.example/' } }))).toEqual([
    { field: 'probe.url', value: '"http://a.example/"', message: expect.stringMatching(/write backend\[0\]\.health/) },
  ]);
});

test.each([
  ['lease', { lease: 'x', message_ttl: 3 }],
  ['message_ttl', { message_ttl: 0 }],
  ['interval', { count: 360_000, interval: -5, probe: { timeout: 60_000 } }],
  ['probe', { count: 1, probe: 'x' }],
  ['probe.url', { probe: { url: 'x' } }],
])('a rule says nothing where %s is wrong by itself', (field, config) => {
  expect(problemsOf(configWith(config)).map((problem) => problem.field)).toEqual([field]);
});

test('a rule says nothing about a probe URL where the backends, or the health path, are wrong by themselves', () => {
  const probe = { url: 'http://a.example/' };
  expect(problemsOf({ backend: 'x', probe }).map(({ field }) => field)).toEqual(['backend']);
  expect(problemsOf({ backend: [{ ...entry(), health: 'x' }], probe }).map(({ field }) => field)).toEqual([
    'backend[0].health',
  ]);
});

test('wakes_with: a topic of the same component where none is written', () => {
  const wakes_with = [{ topic: 'bar' }, { pubsub: 'jobs', topic: 'bar' }];
  expect(backendOf(configWith({ backend: [{ ...entry('/kong'), wakes_with }] })).wakesWith).toEqual([
    { pubsub: entry().pubsub, topic: 'bar' },
    { pubsub: 'jobs', topic: 'bar' },
  ]);
});

test('wakes_with: its own topic, and one that is there already, are rejected', () => {
  const wakes_with = [{ topic: entry().topic }, { topic: 'bar' }, { pubsub: entry().pubsub, topic: 'bar' }];
  const message = 'remove it: messages go to this topic already';
  expect(problemsOf(configWith({ backend: [{ ...entry('/kong'), wakes_with }] }))).toEqual([
    { field: 'backend[0].wakes_with[0].topic', value: `"${entry().topic}"`, message },
    { field: 'backend[0].wakes_with[2].topic', value: '"bar"', message },
  ]);
});

test.each([
  [{ wakes_with: [{}] }, 'backend[0].wakes_with[0].topic'],
  [{ wakes_with: ['bar'] }, 'backend[0].wakes_with[0]'],
  [{ wakes_with: [{ topic: '..' }] }, 'backend[0].wakes_with[0].topic'],
  [{ wakes_with: [{ topic: 'bar', target: '/bar' }] }, 'backend[0].wakes_with[0].target'],
])('wakes_with: %j is rejected at its field', (more, field) => {
  expect(problemsOf(configWith({ backend: [{ ...entry('/kong'), ...more }] }))).toEqual([
    expect.objectContaining({ field }),
  ]);
});

const waiting = (page: object): object => ({ backend: [{ ...entry(), waiting_page: page }] });

test.each(['/brand/logo.svg', 'data:image/svg+xml,%3Csvg%3E', 'data:image/png;base64,iVBO'])(
  'a logo may be %s',
  (logo) => {
    expect(backendsOf(waiting({ enabled: true, logo }))[0]?.waitingPage).toMatchObject({ logo, afterMs: 1500 });
  },
);

test.each(['//cdn.example.com/logo.svg', 'data:text/html,x', 'd', 'https://example.com/logo.svg', '/a"b'])(
  'a logo of somebody else, or none, is refused: %s',
  (logo) => {
    expect(problemsOf(waiting({ logo })).map(({ field }) => field)).toEqual(['backend[0].waiting_page.logo']);
  },
);

test.each(['#123', '#0f766E'])('a colour %s', (color) => {
  expect(backendsOf(waiting({ enabled: true, color }))[0]?.waitingPage).toMatchObject({ color });
});

test.each(['#12', '#12345', 'red'])('no colour: %s', (color) => {
  expect(problemsOf(waiting({ color })).map(({ field }) => field)).toEqual(['backend[0].waiting_page.color']);
});

test('the waiting page is off unless it is enabled', () => {
  expect(backendsOf({ backend: [entry()] })[0]?.waitingPage).toBeUndefined();
  expect(backendsOf(waiting({ title: 'x' }))[0]?.waitingPage).toBeUndefined();
});

describe('the fallback', () => {
  const problemsWith = (fallback: object) => problemsOf(configWith({ fallback }));

  test.each([
    [{ address: 'sorry:0' }, 'fallback.address', 'write a port from 1 to 65535'],
    [{ address: 'sorry:65536' }, 'fallback.address', 'write a port from 1 to 65535'],
    [{ after: 100 }, 'fallback.after', 'remove it, or write fallback.address'],
  ])('%j is refused at %s', (fallback, field, message) => {
    expect(problemsWith(fallback)).toMatchObject([{ field, message }]);
  });

  test('what is wrong by itself is said once', () => {
    expect(problemsWith({ address: 'no port' })).toMatchObject([{ field: 'fallback.address' }]);
    expect(problemsWith({ after: -1 })).toMatchObject([{ field: 'fallback.after' }]);
  });

  test('is read as host and port, or there is none', () => {
    expect(backendOf(configWith({ fallback: { address: 'sorry.default.svc:8080', after: 5 } })).fallback).toEqual({
      host: 'sorry.default.svc',
      port: 8080,
      afterMs: 5,
      on: ['timeout', 'overflow', 'unwoken', 'maintenance'],
    });
    expect(backendOf(configWith({})).fallback).toBeUndefined();
  });
});

test('a least hold above the hold deadline is refused with the deadline', () => {
  expect(problemsOf(configWith({ hold_timeout: 5000, min_hold_timeout: 5001 }))).toMatchObject([
    { field: 'min_hold_timeout', message: 'write at most the hold deadline, 5000 ms' },
  ]);
  expect(backendOf(configWith({ hold_timeout: 5000, min_hold_timeout: 5000 })).policy.leastHoldMs).toBe(5000);
});

test('an entry of no_wake has its own answer, else that of all, else a problem document where its status is an error’s', () => {
  const answers = (fields: object) =>
    backendOf(
      configWith({
        no_wake: [{ class: 'bot' }, { class: 'head', status: 204, body: '', headers: ['A: b: c'] }],
        ...fields,
      }),
    ).noWake.map(({ status, answer }) => ({ status, answer }));
  const own = { status: 204, answer: { body: '', headers: { A: 'b: c' } } };
  expect(answers({})).toEqual([{ status: 503, answer: undefined }, own]);
  expect(answers({ no_wake_body: 'x', no_wake_headers: ['B: d'] })).toEqual([
    { status: 503, answer: { body: 'x', headers: { B: 'd' } } },
    own,
  ]);
  const empty = { body: undefined, headers: {} };
  expect(answers({ no_wake_status: 200 })).toEqual([{ status: 200, answer: empty }, own]);
  expect(answers({ no_wake: [{ class: 'bot', status: 403 }] })).toEqual([{ status: 403, answer: undefined }]);
  expect(answers({ no_wake: [{ class: 'bot', status: 204 }] })).toEqual([{ status: 204, answer: empty }]);
});
