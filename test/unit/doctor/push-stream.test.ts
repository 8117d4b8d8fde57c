import { daprComponents } from '../../../src/doctor/checks/dapr-components';
import { daprHealth } from '../../../src/doctor/checks/dapr-health';
import { pushStream } from '../../../src/doctor/checks/push-stream';
import type { HttpRequest } from '../../../src/adapters/http-client';
import { type Answers, type Given, says, surroundings } from './surroundings';

const SCALER = 'http://serverless-scaler.kong.svc:9091';
const HERE: Given = { options: { 'dapr-http-endpoint': SCALER } };
const BACKEND = { pubsub: 'kong', topic: 'foo', maxHeld: undefined };
const SECOND = { pubsub: 'kong', topic: 'bar', maxHeld: undefined };
const FOO = { pubsub: 'kong', topic: 'foo', scaledObjects: ['shop/foo'], silentMs: 3210 };

const status = (topics: readonly object[] = [], more: object = {}): Answers[string] => [
  200,
  { scaler: '0.1.0', ready: true, topics, ...more },
];
const one = (answer: Answers[string], given: Given = {}): Given => ({
  ...HERE,
  ...given,
  answers: { [`${SCALER}/status`]: answer },
});
/** Two replicas, behind a headless Service. */
const two = (first: Answers[string], second: Answers[string] | undefined, given: Given = {}): Given => ({
  ...HERE,
  ...given,
  hosts: { peers: ['10.0.0.1', 'fd00::2'] },
  answers: {
    [`${SCALER}/status`]: status([], { peers: 'peers:9091' }),
    'http://10.0.0.1:9091/status': first,
    ...(second === undefined ? {} : { 'http://[fd00::2]:9091/status': second }),
  },
});

test.each<[string, Given, string[]]>([
  ['a sidecar of Dapr', {}, ['skipped: http://127.0.0.1:3500 does not answer: see dapr-health.']],
  [
    'a sidecar that runs',
    { answers: { 'http://127.0.0.1:3500/status': [404] } },
    ['skipped: http://127.0.0.1:3500 is no scaler. Where one subscribes to Dapr, give --scaler-url.'],
  ],
  [
    'a sidecar that wants a token',
    { answers: { 'http://127.0.0.1:3500/status': [401, 'invalid api token'] } },
    ['skipped: http://127.0.0.1:3500 is no scaler. Where one subscribes to Dapr, give --scaler-url.'],
  ],
  ['a scaler that is not there', { scaler: SCALER }, [`error: ${SCALER}: connect ECONNREFUSED.`]],
  ['something else', { ...one([200, '<html>']), scaler: SCALER }, [`error: ${SCALER} answers 200, and is no scaler.`]],
  [
    'the wrong token',
    one([401, { errorCode: 'ERR_API_TOKEN' }]),
    [`error: ${SCALER}: the scaler wants another token.`],
  ],
  ['one that stops', one(status([], { ready: false })), [`error: ${SCALER}: the scaler is not ready.`]],
  ['no stream', one(status()), ['warning: No stream of KEDA is open, on this replica.']],
  [
    'streams, and nothing to compare them with',
    one(status([FOO])),
    ['ok: Streams of KEDA are open, on this replica: shop/foo (kong/foo). With --config it is told which are missing.'],
  ],
  [
    'a stream for a backend',
    one(status([FOO]), { backends: [BACKEND] }),
    ['ok: KEDA listens for "foo" of "kong", on this replica: ScaledObject shop/foo; a message came 3.2 s ago.'],
  ],
  [
    'none for another one',
    one(status([FOO, { pubsub: 'kong', topic: 'bar', scaledObjects: [], silentMs: 1 }]), { backends: [SECOND] }),
    ['warning: No stream of KEDA is open for "bar" of "kong", on this replica; open is shop/foo (kong/foo).'],
  ],
  [
    'peers whose name leads nowhere',
    one(status([], { peers: 'peers:9091' }), { backends: [BACKEND] }),
    ['warning: No stream of KEDA is open for "foo" of "kong", on this replica; none is.'],
  ],
])('%s', async (_, given, expected) => {
  expect(await says(pushStream, given)).toEqual(expected);
});

describe('several replicas', () => {
  test('a stream on one of them is enough', async () => {
    const quiet = { ...FOO, scaledObjects: [] };
    expect(await says(pushStream, two(status([quiet]), status([FOO]), { backends: [BACKEND] }))).toEqual([
      'ok: KEDA listens for "foo" of "kong", on 2 replicas: ScaledObject shop/foo; a message came 3.2 s ago.',
    ]);
  });

  test('none on any is an error', async () => {
    expect(await says(pushStream, two(status(), status(), { backends: [BACKEND] }))).toEqual([
      'error: No stream of KEDA is open for "foo" of "kong", on 2 replicas; none is.',
    ]);
    const alone = { ...two(status(), undefined, { backends: [BACKEND] }), hosts: { peers: ['10.0.0.1'] } };
    expect(await says(pushStream, alone)).toEqual([
      'error: No stream of KEDA is open for "foo" of "kong", on the one replica; none is.',
    ]);
  });

  test('one that does not answer may have it', async () => {
    expect(await says(pushStream, two(status(), undefined, { backends: [BACKEND] }))).toEqual([
      `warning: Replica http://[fd00::2]:9091 of ${SCALER}: connect ECONNREFUSED.`,
      'warning: No stream of KEDA is open for "foo" of "kong", on this replica; none is.',
    ]);
    expect(await says(pushStream, two(status(), [401, { errorCode: 'ERR_API_TOKEN' }]))).toEqual([
      `warning: Replica http://[fd00::2]:9091 of ${SCALER}: wants a token.`,
      'warning: No stream of KEDA is open, on this replica.',
    ]);
    const none = {
      ...two(status(), undefined),
      answers: { [`${SCALER}/status`]: status([FOO], { peers: 'peers:1' }) },
    };
    expect(await says(pushStream, none)).toEqual([
      expect.stringContaining('10.0.0.1:1 of'),
      expect.stringContaining('[fd00::2]:1 of'),
      expect.stringMatching(/^ok: .* on this replica: shop\/foo/),
    ]);
  });

  test('one that did not hear what another did is said, once it had the time to', async () => {
    const deaf = { pubsub: 'kong', topic: 'foo', scaledObjects: ['shop/foo'] };
    const heard = (silentMs: number): Answers[string] => status([{ ...FOO, scaledObjects: [], silentMs }]);
    expect(await says(pushStream, two(status([deaf]), heard(2000), { backends: [BACKEND] }))).toEqual([
      expect.stringMatching(/^ok: /),
      'warning: Of 2 replicas 1 heard the last message for "foo" of "kong"; KEDA may listen to another.',
    ]);
    expect(await says(pushStream, two(status([deaf]), heard(1999), { backends: [BACKEND] }))).toHaveLength(1);
    expect(await says(pushStream, two(status([deaf]), status([deaf]), { backends: [BACKEND] }))).toEqual([
      'ok: KEDA listens for "foo" of "kong", on 2 replicas: ScaledObject shop/foo, shop/foo; no message lives.',
    ]);
  });
});

test('which token is wrong depends on whose scaler it is', async () => {
  const wrong = one([401, { errorCode: 'ERR_API_TOKEN' }]);
  const fix = async (given: Given): Promise<string | undefined> =>
    (await pushStream.examine(surroundings(given)))[0]?.fix;
  expect(await fix(wrong)).toContain('Set DAPR_API_TOKEN');
  expect(await fix({ ...wrong, scaler: SCALER })).toContain('as --dapr-api-token');
});

test('the token goes to every replica', async () => {
  const asked: HttpRequest[] = [];
  const given = two(status(), status());
  await says(pushStream, { ...given, options: { ...given.options, 'dapr-api-token': 'hunter2' }, asked });
  expect(asked.map(({ headers }) => headers?.['dapr-api-token'])).toEqual(['hunter2', 'hunter2', 'hunter2']);
});

describe("a scaler in the sidecar's place", () => {
  test('needs no Component, with the right token or without', async () => {
    for (const answer of [status(), [401, { errorCode: 'ERR_API_TOKEN' }] as const]) {
      const answers = { [`${SCALER}/v1.0/metadata`]: [404] as const, [`${SCALER}/status`]: answer };
      expect(await says(daprComponents, { ...HERE, answers })).toEqual([
        `skipped: ${SCALER} is a scaler, which needs no Component: see push-stream.`,
      ]);
    }
    const answers = { [`${SCALER}/v1.0/metadata`]: [404] as const, [`${SCALER}/status`]: [404] as const };
    expect(await says(daprComponents, { ...HERE, answers })).toEqual([
      'warning: The sidecar answers 404 for its metadata.',
    ]);
  });

  test('that is not there is not a sidecar that is missing', async () => {
    const fixes = async (given: Given): Promise<(string | undefined)[]> => {
      return (await daprHealth.examine(surroundings(given))).map(({ fix }) => fix);
    };
    expect(await fixes(HERE)).toEqual([expect.stringContaining('kubectl get pods -l app=serverless-scaler')]);
    for (const at of ['http://localhost:3500', 'http://127.0.0.1:3500', 'http://[::1]:3500'])
      expect(await fixes({ options: { 'dapr-http-endpoint': at } })).toEqual([
        expect.stringContaining('dapr.io/enabled'),
      ]);
  });
});
