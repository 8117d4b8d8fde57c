import { status as codes } from '@grpc/grpc-js';
import { until } from '../../real-parts/wait';
import type { GatewayRoute } from '../../real-parts/kong-config';
import { KongRig, PUBSUB } from '../support/kong-rig';
import { ended, greeterClient, type GreeterClient, GrpcBackend, hello } from '../support/grpc-backend';
import { readStatusDetails } from '../support/grpc-status';
import { KubernetesAccount } from '../support/kubernetes-account';
import { describeWith, stopAll } from '../support/suite';

const LEASE_MS = 1000;
const BEYOND_LEASE_MS = LEASE_MS + 1200;

/** A route that takes gRPC only, for whatever is called. */
const greeterRoute = (to: readonly string[], plugin: object, preserveHost = false): GatewayRoute => ({
  ...{ name: 'greeter', path: '/', to, preserveHost },
  ...{ protocol: 'grpc', protocols: ['grpc', 'grpcs'] },
  plugins: {
    serverless: {
      probe: { grpc: true },
      backend: [{ target: '/', pubsub: PUBSUB, topic: 'greeter' }],
      ...plugin,
    },
  },
});

describeWith(['kong'], 'gRPC across a cold start, on a real Kong', () => {
  describe.each([1, 2])('with %d workers', (workers) => {
    let rig: KongRig;
    let backend: GrpcBackend;
    let clients: GreeterClient[];
    beforeAll(async () => {
      backend = await GrpcBackend.start();
      rig = await KongRig.start({
        workers,
        http2: true,
        kongEnv: { KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT: 'on' },
        backends: [],
        routes: () => [
          greeterRoute([`127.0.0.1:${backend.port}`], {
            hold_timeout: 30_000,
            max_held: 8,
            lease: LEASE_MS,
            probe: { grpc: true, settle: 500 },
          }),
        ],
      });
    }, 120_000);
    beforeEach(() => {
      clients = [greeterClient(rig.http2.tls, true), greeterClient(rig.http2.h2c, false)];
    });
    afterEach(async () => {
      for (const client of clients) client.close();
      await backend.stop();
      rig.dapr.published.length = 0;
      await new Promise((resolve) => setTimeout(resolve, BEYOND_LEASE_MS));
    });
    afterAll(stopAll(() => [rig, backend]));
    const coldStarts = (): number => rig.dapr.published.filter(({ message }) => message.reason === 'cold-start').length;
    const held = (count: number): Promise<void> => rig.holds(count, '');

    test('unary calls and streams of each kind are held, by TLS and h2c, and go through with their trailers', async () => {
      const calls = clients.flatMap((client) => {
        const chat = client.chat();
        chat.write({ name: 'first' });
        const gathered = new Promise((resolve) => {
          const gather = client.gather((error, reply) => {
            resolve(error ?? reply?.message);
          });
          gather.write({ name: 'one' });
          gather.end({ name: 'two' });
        });
        chat.once('data', () => {
          chat.end({ name: 'second' });
        });
        return [hello(client), ended(client.count({ seconds: 3 })), gathered, ended(chat)];
      });
      await held(8);
      await until('it is woken', () => coldStarts() === 1);
      await backend.wake();
      const stream = { status: { code: codes.OK } };
      const of = [
        { ...stream, replies: ['Hello unary'] },
        { ...stream, replies: ['1 of 3', '2 of 3', '3 of 3'] },
        'Hello one, two',
        { ...stream, replies: ['Hello first', 'Hello second'] },
      ];
      expect(await Promise.all(calls)).toMatchObject([...of, ...of]);
      expect(coldStarts()).toBe(1);
    }, 60_000);

    test('one call more than may be held is RESOURCE_EXHAUSTED, with when to come back; a cancelled one frees its place', async () => {
      const [first] = clients as [GreeterClient];
      const waiting = Array.from({ length: 7 }, () => hello(first));
      const cancelled = first.hello({ name: 'leaves' }, {}, () => undefined);
      await held(8);
      const { status, replies } = await hello(first);
      expect({ code: status.code, replies }).toEqual({ code: codes.RESOURCE_EXHAUSTED, replies: [] });
      expect(status.details).toMatch(/^SERVERLESS_HOLD_OVERFLOW: /);
      const [details] = status.metadata.get('grpc-status-details-bin') as [Buffer];
      expect(readStatusDetails(details)).toMatchObject({
        code: codes.RESOURCE_EXHAUSTED,
        retryInfo: { retry_delay: { seconds: 5 } },
        errorInfo: { reason: 'SERVERLESS_HOLD_OVERFLOW', metadata: { backend: '/' } },
      });
      cancelled.cancel();
      await held(7);
      const late = hello(first, { deadline: Date.now() + 500 });
      expect(await late).toMatchObject({ status: { code: codes.DEADLINE_EXCEEDED } });
      await held(7);
      await backend.wake();
      for (const call of await Promise.all(waiting)) expect(call.status.code).toBe(codes.OK);
    }, 60_000);
  });

  test('calls are sent to the pod itself before Kong knows of it, with the authority that their client asked for', async () => {
    const kubernetes = await KubernetesAccount.start();
    kubernetes.pod('greeter');
    const backend = await GrpcBackend.start();
    const rig = await KongRig.start({
      http2: true,
      backends: [],
      serverlessEnv: kubernetes.env,
      routes: () => [greeterRoute([], { hold_timeout: 30_000 }, true)],
    });
    const client = greeterClient(rig.http2.tls, true);
    try {
      const calls = [hello(client), ended(client.count({ seconds: 2 }))];
      await rig.holds(2, '');
      const authorities: unknown[] = [];
      await backend.wake(authorities);
      kubernetes.pod('greeter', { address: '127.0.0.1', port: backend.port, ready: false });
      expect(await Promise.all(calls)).toMatchObject([
        { status: { code: codes.OK }, replies: ['Hello unary'] },
        { status: { code: codes.OK }, replies: ['1 of 2', '2 of 2'] },
      ]);
      expect(new Set(authorities)).toEqual(new Set([`127.0.0.1:${rig.http2.tls}`]));
    } finally {
      client.close();
      await rig.stop();
      await backend.stop();
      await kubernetes.stop();
    }
  }, 60_000);

  test('what cannot be woken is UNAVAILABLE, what does not wake in time DEADLINE_EXCEEDED, with the reason', async () => {
    const backend = await GrpcBackend.start();
    const rig = await KongRig.start({
      http2: true,
      backends: [],
      routes: () => [greeterRoute([`127.0.0.1:${backend.port}`], { hold_timeout: 1500 })],
    });
    const client = greeterClient(rig.http2.tls, true);
    try {
      rig.dapr.answer = { status: 404, body: { errorCode: 'ERR_PUBSUB_NOT_FOUND', message: 'no' } };
      const refused = await hello(client);
      expect(refused.status).toMatchObject({ code: codes.UNAVAILABLE });
      expect(refused.status.details).toMatch(/^SERVERLESS_WAKE_REFUSED: /);
      rig.dapr.answer = { status: 204 };
      const late = await hello(client);
      expect(late.status).toMatchObject({ code: codes.DEADLINE_EXCEEDED });
      expect(late.status.details).toMatch(/^SERVERLESS_HOLD_TIMEOUT: /);
    } finally {
      client.close();
      await rig.stop();
      await backend.stop();
    }
  }, 60_000);
});
