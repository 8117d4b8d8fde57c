import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import { CERTIFICATE, KEY } from '../../../demo/kubernetes/certificate';
import { until } from '../../../real-parts/wait';
import { ref, ScalerRig } from '../../support/scaler-rig';

const rigs: ScalerRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.stop('SIGKILL');
});
const kept = async (starting: Promise<ScalerRig>): Promise<ScalerRig> => {
  const rig = await starting;
  rigs.push(rig);
  return rig;
};
type Given = Parameters<typeof ScalerRig.start>;
const start = (...given: Given): Promise<ScalerRig> => kept(ScalerRig.here(...given));
const asProcess = (...given: Given): Promise<ScalerRig> => kept(ScalerRig.start(...given));
const ask = (rig: ScalerRig, client = rig.keda()) => ({
  isActive: (topic: string): Promise<{ result: boolean } | undefined> =>
    promisify(client.isActive.bind(client))(ref(topic)),
  spec: (topic: string, more = {}): Promise<object | undefined> =>
    promisify(client.getMetricSpec.bind(client))(ref(topic, more)),
  metric: async (topic: string): Promise<number> => {
    const reply = await promisify(client.getMetrics.bind(client))({ scaledObjectRef: ref(topic) });
    return reply?.metricValues[0]?.metricValueFloat ?? NaN;
  },
});

test('a publish wakes the stream, counts, and is over after its time to live', async () => {
  const rig = await start();
  const keda = rig.keda();
  const stream = rig.stream(keda, 'foo');
  expect(await ask(rig, keda).isActive('foo')).toEqual({ result: false });
  expect((await rig.publish('foo', { requests: 5, gateway: 'one' }, 1)).status).toBe(204);
  await until('it is pushed', () => stream.pushed.length === 1);
  expect(await ask(rig, keda).isActive('foo')).toEqual({ result: true });
  expect(await ask(rig, keda).isActive('bar')).toEqual({ result: false });
  expect(await ask(rig, keda).metric('foo')).toBe(5);
  expect(await ask(rig, keda).spec('foo', { targetRequests: '20' })).toMatchObject({
    metricSpecs: [{ targetSizeFloat: 20 }],
  });
  await until('it is over', async () => (await ask(rig, keda).isActive('foo'))?.result === false);
});

test('Dapr is told what to deliver, and what it delivers counts the same', async () => {
  const rig = await start(['--subscribe', 'kong/foo,kong/bar']);
  expect(await (await fetch(`${rig.url}/dapr/subscribe`)).json()).toEqual([
    { pubsubname: 'kong', topic: 'foo', route: '/events' },
    { pubsubname: 'kong', topic: 'bar', route: '/events' },
  ]);
  const stream = rig.stream(rig.keda(), 'foo');
  const deliver = async (event: unknown): Promise<unknown> =>
    (
      await fetch(`${rig.url}/events`, {
        method: 'POST',
        body: typeof event === 'string' ? event : JSON.stringify(event),
      })
    ).json();
  const event = { specversion: '1.0', pubsubname: 'kong', topic: 'foo', data: { requests: 3, ttl: 60 } };
  expect(await deliver(event)).toEqual({ status: 'SUCCESS' });
  await until('it is pushed', () => stream.pushed.length === 1);
  expect(await ask(rig).metric('foo')).toBe(3);
  expect(await deliver('no event')).toEqual({ status: 'DROP' });
  expect(await deliver({ topic: 'foo' })).toEqual({ status: 'DROP' });
  const metrics = await (await fetch(`${rig.url}/metrics`)).text();
  expect(metrics).toMatch(/^serverless_scaler_messages_total\{way="subscribed"\} 1$/m);
  expect(metrics).toMatch(/^serverless_scaler_streams 1$/m);
  expect(metrics).toMatch(/^serverless_scaler_active_topics 1$/m);
});

test('its status tells which streams are open and which topics were heard of, and only to those who may publish', async () => {
  const rig = await start(['--peers', 'all.replicas:9091'], { SERVERLESS_SCALER_TOKEN: 'hunter2' });
  const token = { 'dapr-api-token': 'hunter2' };
  const stream = rig.stream(rig.keda(), 'foo');
  await rig.publish('foo', { requests: 2, gateway: 'one' }, 30, token);
  await rig.publish('bar', {}, 1, token);
  await until('it is open', () => stream.pushed.length > 0);
  const status = async (): Promise<{ topics: object[] }> =>
    (await (await fetch(`${rig.url}/status`, { headers: token })).json()) as { topics: object[] };
  const foo = {
    ...{ pubsub: 'kong', topic: 'foo', scaledObjects: ['default/foo'] },
    ...{ active: true, requests: 2, held: 0, inFlight: 0, silentMs: expect.any(Number) },
  };
  expect(await status()).toEqual({
    ...{ scaler: expect.stringMatching(/^\d+\.\d+\.\d+/), ready: true, peers: 'all.replicas:9091' },
    topics: [foo, expect.objectContaining({ topic: 'bar', scaledObjects: [] })],
  });
  await until('what has expired is gone', async () => (await status()).topics.length === 1);
  expect((await fetch(`${rig.url}/status`)).status).toBe(401);
  expect((await fetch(`${rig.url}/status`, { method: 'POST', headers: token })).status).toBe(404);
  expect((await fetch(`${rig.url}/v1.0/healthz/outbound`)).status).toBe(204);
});

test('a message that another replica passes on has come directly', async () => {
  const rig = await start();
  expect((await rig.publish('foo', {}, 30, { 'x-serverless-forwarded': '1' })).status).toBe(204);
  const metrics = await (await fetch(`${rig.url}/metrics`)).text();
  expect(metrics).toMatch(/^serverless_scaler_messages_total\{way="direct"\} 1$/m);
});

test('true is repeated while a gateway holds, until it says otherwise', async () => {
  const rig = await start();
  const stream = rig.stream(rig.keda(), 'foo');
  await rig.publish('foo', { requests: 1, held: 4, gateway: 'one' });
  await until('it is pushed again', () => stream.pushed.length >= 4);
  expect(stream.pushed[3]! - stream.pushed[0]!).toBeGreaterThan(150);
  expect(await ask(rig).metric('foo')).toBe(4);
});

test('whoever has no token is turned away, in the words of Dapr', async () => {
  const rig = await start([], { SERVERLESS_SCALER_TOKEN: 'hunter2' });
  const none = await rig.publish('foo');
  expect([none.status, await none.json()]).toEqual([401, expect.objectContaining({ errorCode: 'ERR_API_TOKEN' })]);
  expect((await rig.publish('foo', {}, 30, { 'dapr-api-token': 'hunter3' })).status).toBe(401);
  expect((await rig.publish('foo', {}, 30, { 'dapr-api-token': 'hunter2!' })).status).toBe(401);
  expect((await fetch(`${rig.url}/events`, { method: 'POST', body: '{}' })).status).toBe(401);
  expect((await rig.publish('foo', {}, 30, { 'dapr-api-token': 'hunter2' })).status).toBe(204);
});

test('what is too long, or is nothing that it knows, is answered', async () => {
  const rig = await start();
  expect((await rig.publish('foo', { long: 'x'.repeat(70_000) })).status).toBe(413);
  expect((await fetch(`${rig.url}/v1.0/state/x`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(`${rig.url}/nothing`)).status).toBe(404);
  expect((await fetch(`${rig.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${rig.url}/v1.0/healthz`)).status).toBe(204);
  const plain = await fetch(`${rig.url}/v1.0/publish/kong/foo`, { method: 'POST', body: 'not JSON' });
  expect(plain.status).toBe(204);
  expect(await ask(rig).isActive('foo')).toEqual({ result: true });
});

test('SIGTERM ends streams well, and the process', async () => {
  const rig = await asProcess();
  const stream = rig.stream(rig.keda(), 'foo');
  await rig.publish('foo');
  await until('it is open', () => stream.pushed.length === 1);
  expect(await rig.signal('SIGTERM')).toBe(0);
  await until('the stream ends', () => stream.status !== undefined);
  expect(stream.status).toMatchObject({ code: 0 });
}, 20_000);

test('TLS, and only for those whose certificate is signed by the CA', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scaler-tls-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const [cert, key] = [file('cert.pem', CERTIFICATE), file('key.pem', KEY)];
  const rig = await start(['--tls-cert', cert, '--tls-key', key, '--tls-client-ca', cert]);
  const [ca, own, ownKey] = [Buffer.from(CERTIFICATE), Buffer.from(CERTIFICATE), Buffer.from(KEY)];
  expect(await ask(rig, rig.keda(credentials.createSsl(ca, ownKey, own))).isActive('foo')).toEqual({ result: false });
  await expect(ask(rig, rig.keda(credentials.createSsl(ca))).isActive('foo')).rejects.toMatchObject({ code: 14 });
  await expect(ask(rig).isActive('foo')).rejects.toMatchObject({ code: 14 });
  rmSync(folder, { recursive: true });
});

test('settings that are wrong, and a port that is taken, end the process with the reason', async () => {
  await expect(asProcess(['--grpc-listen', 'nowhere'])).rejects.toThrow(/--grpc-listen: "nowhere": write host:port/);
  const first = await asProcess();
  await expect(asProcess(['--http-listen', `127.0.0.1:${first.httpPort}`])).rejects.toThrow(
    /it cannot start: .*EADDRINUSE/,
  );
}, 20_000);

test('a stream is ended well when the scaler stops, and whoever comes then is told that it is not ready', async () => {
  const rig = await start();
  const stream = rig.stream(rig.keda(), 'foo');
  await rig.publish('foo');
  await until('it is open', () => stream.pushed.length === 1);
  expect((await fetch(`${rig.url}/readyz`)).status).toBe(200);
  const stopped = rig.signal('SIGTERM');
  await until('the stream ends', () => stream.status !== undefined);
  expect(stream.status).toMatchObject({ code: 0 });
  await stopped;
  await expect(rig.publish('foo')).rejects.toThrow();
});
