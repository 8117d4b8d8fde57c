import type { HttpRequest } from '../../../src/adapters/http-client';
import { clock } from '../../../src/doctor/checks/clock';
import { daprComponents } from '../../../src/doctor/checks/dapr-components';
import { daprHealth } from '../../../src/doctor/checks/dapr-health';
import { gateway } from '../../../src/doctor/checks/gateway';
import { endpointSlices } from '../../../src/doctor/checks/endpoint-slices';
import { statusListener } from '../../../src/doctor/checks/status-listener';
import { testPublish } from '../../../src/doctor/checks/test-publish';
import { type Answers, type Given, says } from './surroundings';

const GATEWAY = 'http://127.0.0.1:8000';
const DAPR = 'http://127.0.0.1:3500';

describe('the gateway', () => {
  test.each<[Answers, string]>([
    [{ [GATEWAY]: [400, '', { server: 'kong/2.8.1' }] }, 'ok: http://127.0.0.1:8000 answers 400 (kong/2.8.1).'],
    [{ [GATEWAY]: [400, '', { via: 'kong/2.8.1' }] }, 'ok: '],
    [
      { [GATEWAY]: [200, '', { server: 'nginx' }] },
      'warning: http://127.0.0.1:8000 answers 200, and does not say that it is Kong.',
    ],
    [{ [GATEWAY]: [200] }, 'warning: '],
    [{}, 'error: http://127.0.0.1:8000: connect ECONNREFUSED.'],
  ])('%j', async (answers, expected) => {
    expect(await says(gateway, { answers })).toEqual([expect.stringContaining(expected)]);
  });

  test('the question cannot be routed, so that it wakes no backend', async () => {
    const asked: HttpRequest[] = [];
    await says(gateway, { asked });
    await says(clock, { asked });
    expect(asked.map(({ headers }) => headers?.['Host'])).toEqual(['serverless/doctor', 'serverless/doctor']);
  });
});

describe('the status listener', () => {
  const at = 'http://127.0.0.1:9542/healthz';
  test.each<[string, Given, string]>([
    ['active', { answers: { [at]: [200, 'ok'] } }, 'ok: '],
    [
      'standing by',
      { answers: { [at]: [503, 'standby'] } },
      'error: http://127.0.0.1:9542: this plugin server stands by',
    ],
    ['somebody else', { answers: { [at]: [404] } }, 'warning: http://127.0.0.1:9542/healthz answers 404.'],
    ['nobody', {}, 'warning: http://127.0.0.1:9542: connect ECONNREFUSED.'],
    ['off', { options: { 'status-listen': 'off' } }, 'skipped: '],
    ['on every address', { options: { 'status-listen': '0.0.0.0:9542' }, answers: { [at]: [200] } }, 'ok: '],
    ['on IPv6', { options: { 'status-listen': '[::1]:1' }, answers: { 'http://[::1]:1/healthz': [200] } }, 'ok: '],
  ])('%s', async (_, given, expected) => {
    expect(await says(statusListener, given)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('EndpointSlices', () => {
  const told = (kubernetes: unknown): Answers => ({ 'http://127.0.0.1:9542/status': [200, { kubernetes }] });
  const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
  test.each<[string, Given, string[]]>([
    ['switched off', { answers: told('off') }, ['ok: It is switched off']],
    ['outside Kubernetes', { answers: told('no service account'), env: {} }, ['skipped: This is no pod']],
    [
      'without a token',
      { answers: told('no service account'), env: inPod },
      ['warning: No service account is mounted'],
    ],
    ['nothing asked yet', { answers: told({}) }, ['ok: It asks once']],
    [
      'one watched, one not allowed, one out of reach',
      { answers: told({ apps: 'watched', shop: '403', other: 'connect ECONNREFUSED' }) },
      [
        'ok: Namespace apps',
        'warning: Namespace shop: the API server answers 403.',
        'warning: Namespace other: connect',
      ],
    ],
    ['no status listener', {}, ['skipped: The status listener does not tell.']],
    ['an older plugin server', { answers: { 'http://127.0.0.1:9542/status': [200, {}] } }, ['skipped: This is no pod']],
  ])('%s', async (_, given, expected) => {
    expect(await says(endpointSlices, given)).toEqual(expected.map((text) => expect.stringContaining(text) as string));
  });
});

describe('the sidecar', () => {
  test.each<[Answers, string]>([
    [{ [`${DAPR}/v1.0/healthz/outbound`]: [204] }, 'ok: http://127.0.0.1:3500 is ready.'],
    [{ [`${DAPR}/v1.0/healthz/outbound`]: [401] }, 'error: http://127.0.0.1:3500 wants a token.'],
    [{ [`${DAPR}/v1.0/healthz/outbound`]: [500] }, 'error: http://127.0.0.1:3500 answers 500'],
    [{}, 'error: http://127.0.0.1:3500: connect ECONNREFUSED.'],
  ])('%j', async (answers, expected) => {
    expect(await says(daprHealth, { answers })).toEqual([expect.stringContaining(expected)]);
  });

  test('its token is sent', async () => {
    const asked: HttpRequest[] = [];
    await says(daprHealth, { asked, options: { 'dapr-api-token': 'abc' } });
    expect(asked[0]?.headers).toMatchObject({ 'dapr-api-token': 'abc' });
  });
});

describe('the components', () => {
  const metadata = (body: unknown, status = 200): Answers => ({ [`${DAPR}/v1.0/metadata`]: [status, body] });
  const loaded = {
    id: 'serverless',
    components: [
      { name: 'plugin', type: 'pubsub.rabbitmq' },
      { name: 'store', type: 'state.redis' },
    ],
  };
  test.each<[string, Given, string[]]>([
    [
      'all there',
      { answers: metadata(loaded), components: ['plugin'] },
      ['ok: The sidecar of "serverless" has loaded plugin (pubsub.rabbitmq).'],
    ],
    [
      'two missing',
      { answers: metadata(loaded), components: ['plugin', 'store', 'other'] },
      [
        'error: The sidecar of "serverless" has not loaded "store"; it has plugin (pubsub.rabbitmq).',
        'error: The sidecar of "serverless" has not loaded "other"; it has plugin (pubsub.rabbitmq).',
      ],
    ],
    [
      'none',
      { answers: metadata({ id: 'kong', components: [null, 1] }) },
      ['error: The sidecar of "kong" has loaded no pub/sub component.'],
    ],
    [
      'an older Dapr',
      { answers: metadata({ id: 'a', registeredComponents: loaded.components }) },
      ['ok: The sidecar of "a" has loaded plugin (pubsub.rabbitmq).'],
    ],
    ['no token', { answers: metadata({}, 401) }, ['warning: The sidecar answers 401 for its metadata.']],
    ['no JSON', { answers: metadata('<html>') }, ['warning: The sidecar answers 200 for its metadata.']],
    ['no sidecar', {}, ['skipped: The sidecar does not answer: connect ECONNREFUSED.']],
  ])('%s', async (_, given, expected) => {
    expect(await says(daprComponents, given)).toEqual(expected);
  });
});

describe('publishing', () => {
  const publish = { pubsub: 'plugin', topic: 'a b' };
  const url = `POST ${DAPR}/v1.0/publish/plugin/a%20b?metadata.ttlInSeconds=1`;

  test('nothing is published unless it was asked for', async () => {
    const asked: HttpRequest[] = [];
    expect(await says(testPublish, { asked })).toEqual([expect.stringContaining('skipped: Nothing was published')]);
    expect(asked).toEqual([]);
  });

  test('a message that is taken is no proof of a queue (D3)', async () => {
    const answers: Answers = { [url]: [204] };
    expect(await says(testPublish, { publish, answers })).toEqual([
      expect.stringMatching(/^ok: .* no proof of a queue/),
    ]);
    const management = { url: 'http://rabbit', authorization: undefined, vhost: '/' };
    expect(await says(testPublish, { publish, answers, management })).toEqual([expect.not.stringContaining('proof')]);
  });

  test("a refusal is told in Dapr's own words", async () => {
    const answers: Answers = {
      [url]: [404, { errorCode: 'ERR_PUBSUB_NOT_FOUND', message: 'pubsub plugin is not found' }],
    };
    expect(await says(testPublish, { publish, answers })).toEqual([
      'error: Publishing to plugin/a b is answered 404: pubsub plugin is not found.',
    ]);
    expect(await says(testPublish, { publish, answers: { [url]: [500, 'x'] } })).toEqual([
      expect.stringContaining('answered 500'),
    ]);
  });

  test('it waits for as long as a broker that comes back needs (D2), and says who did not answer', async () => {
    const asked: HttpRequest[] = [];
    expect(await says(testPublish, { publish, asked })).toEqual([
      'error: Publishing to plugin/a b: connect ECONNREFUSED.',
    ]);
    expect(asked[0]?.timeoutMs).toBeGreaterThan(12_000);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ reason: 'doctor', at: '2026-01-01T00:00:10.500Z' });
  });
});

describe('the clock', () => {
  const dated = (date: string): Answers => ({ [GATEWAY]: [400, '', { date }] });
  test.each([
    ['Thu, 01 Jan 2026 00:00:10 GMT', 'ok: The clock of the gateway agrees'],
    ['Thu, 01 Jan 2026 00:00:08 GMT', 'warning: The clock of the gateway is 3 s behind this one.'],
    ['Thu, 01 Jan 2026 00:00:12 GMT', 'ok: '],
    ['Thu, 01 Jan 2026 00:01:10 GMT', 'warning: The clock of the gateway is 60 s ahead of this one.'],
    ['yesterday', 'skipped: No time from the gateway.'],
  ])('of a gateway at %s', async (date, expected) => {
    expect(await says(clock, { answers: dated(date) })).toEqual([expect.stringContaining(expected)]);
  });

  test("RabbitMQ's is compared as well, and who does not answer is left out", async () => {
    const management = { url: 'http://rabbit', authorization: undefined, vhost: '/' };
    const answers: Answers = { 'http://rabbit/': [200, '', { date: 'Thu, 01 Jan 2026 00:00:10 GMT' }] };
    expect(await says(clock, { management, answers })).toEqual([
      'skipped: No time from the gateway.',
      'ok: The clock of RabbitMQ agrees with this one.',
    ]);
  });
});
