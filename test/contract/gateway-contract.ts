/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import type { KongFields } from '../../demo/kong/schema';
import { CLOSE_NOTICE, lastAnswer } from '../../src/rpc/close-notice';
import { makeFolder, removeFolder } from '../../real-parts/guard';
import { type Answer, send, sendMany, tally } from '../../real-parts/http';
import { freePort } from '../../real-parts/ports';
import { until } from '../../real-parts/wait';
import { EchoServer } from './echo-server';
import type { ContractRoute, GatewaySetup, GatewayUnderTest } from './gateways';
import { type Pdk, RecordingPluginServer } from './recording-plugin-server';

/** A schema with each kind of default that Kong fills in. */
const fields: KongFields = [
  { name: { type: 'string', required: true } },
  { count: { type: 'integer', default: 300, between: [1, 360000] } },
  { mode: { type: 'string', one_of: ['reject', 'pass'], default: 'reject' } },
  { on: { type: 'boolean', default: true } },
  { absent: { type: 'string' } },
  { empty: { type: 'string', default: '', len_min: 0 } },
  { words: { type: 'array', default: [], elements: { type: 'string' } } },
  {
    backend: {
      type: 'array',
      elements: {
        type: 'record',
        fields: [
          { target: { type: 'string', required: true } },
          { health: { type: 'string', default: '', len_min: 0 } },
          { none: { type: 'integer' } },
        ],
      },
    },
  },
  {
    probe: {
      type: 'record',
      required: true,
      fields: [{ timeout: { type: 'integer', default: 1000 } }, { url: { type: 'string' } }],
    },
  },
  { optional: { type: 'record', fields: [{ inner: { type: 'integer', default: 7 } }] } },
  { bare: { type: 'record', fields: [{ inner: { type: 'integer' } }] } },
  { off: { type: 'record', required: false, fields: [{ inner: { type: 'integer', default: 7 } }] } },
] as KongFields;

const written = { name: 'held', backend: [{ target: '/held' }] };

/** What a gateway does that calls a plugin server as Kong 2.8 does. */
export function gatewayContract(start: (setup: GatewaySetup) => Promise<GatewayUnderTest>): void {
  let folder: string;
  let recorder: RecordingPluginServer;
  let backend: EchoServer;
  let gateway: GatewayUnderTest;
  let routes: readonly ContractRoute[];

  beforeAll(async () => {
    folder = makeFolder('contract');
    const socketPath = join(folder, 'recorder.socket');
    recorder = await RecordingPluginServer.start(socketPath);
    backend = await EchoServer.start();
    const to = [backend.endpoint];
    routes = [
      { id: 'held', match: 'prefix', path: '/held', endpoints: to, config: written },
      { id: 'plain', match: 'prefix', path: '/plain', endpoints: to },
      { id: 'empty', match: 'prefix', path: '/empty', endpoints: [], config: { name: 'empty' } },
      { id: 'dead', match: 'prefix', path: '/dead', endpoints: [`127.0.0.1:${await freePort()}`] },
      { id: 'exact', match: 'exact', path: '/exact', endpoints: to },
      { id: 'strip', match: 'prefix', path: '/strip', stripPath: true, endpoints: to },
    ];
    gateway = await start({ socketPath, fields, routes });
  }, 90_000);

  afterAll(async () => {
    await gateway.stop();
    await recorder.stop();
    await backend.stop();
    await removeFolder(folder);
  }, 30_000);

  beforeEach(() => {
    recorder.reset();
    backend.asked.length = 0;
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    send({ port: gateway.port, path, headers });

  /** Runs a phase for one request, and says what its PDK calls returned. */
  const during = async (path: string, ...calls: [string, ...unknown[]][]): Promise<unknown[]> => {
    const returned: unknown[] = [];
    recorder.phase = async (pdk) => {
      for (const [method, ...args] of calls) returned.push(await pdk(method, ...args));
    };
    await get(path, { 'X-Once': 'one', Cookie: 'a=b' });
    return returned;
  };

  describe('instances', () => {
    test('the first requests of a configuration, however many at once, start one instance', async () => {
      const answers = await sendMany(20, { port: gateway.port, path: '/held' });

      expect(tally(answers)).toEqual({ '200': 20 });
      expect(recorder.methods.filter((method) => method === 'StartInstance')).toHaveLength(1);
      expect(recorder.methods.filter((method) => method === 'HandleEvent')).toHaveLength(20);
      expect(recorder.methods[0]).toBe('StartInstance');
    });

    test('a later request only runs the phase', async () => {
      await get('/held');

      expect(recorder.methods).toEqual(['HandleEvent']);
      expect(recorder.calls[0]?.argument).toEqual({ InstanceId: expect.any(Number), EventName: 'access' });
    });

    test('an instance is started with the defaults filled in and with keys of the gateway', async () => {
      await gateway.push(routes);
      await get('/held');

      const [{ argument } = { argument: undefined }] = recorder.calls;
      const { Name, Config } = argument as { Name: string; Config: string };
      expect(Name).toBe('recorder');
      expect(JSON.parse(Config)).toEqual({
        name: 'held',
        count: 300,
        mode: 'reject',
        on: true,
        empty: '',
        words: [],
        backend: [{ target: '/held', health: '' }],
        probe: { timeout: 1000 },
        optional: { inner: 7 },
        bare: {},
        __key__: expect.any(String),
        __seq__: expect.any(Number),
        route_id: expect.any(String),
      });
    });

    test('a new configuration starts another instance and then closes the old one', async () => {
      await get('/held');
      recorder.reset();
      await gateway.push(routes.map((route) => (route.id === 'held' ? { ...route, config: { name: 'new' } } : route)));
      await get('/held');

      expect(recorder.methods).toEqual(['StartInstance', 'CloseInstance', 'HandleEvent']);
    });

    test.each([
      ['an unknown field', { name: 'held', colour: 'red' }],
      ['a missing field', { count: 5 }],
      ['a missing field in a list', { name: 'held', backend: [{ health: '/healthz' }] }],
      ['text for a number', { name: 'held', count: '5' }],
      ['a number for a text', { name: 5 }],
      ['a number out of bounds', { name: 'held', count: 0 }],
      ['a word that is not on the list', { name: 'held', mode: 'maybe' }],
      ['an empty text', { name: '' }],
      ['a list that is none', { name: 'held', words: 'one' }],
    ])('a configuration with %s is refused, and the one before stays', async (_what, config) => {
      const wrong = routes.map((route) => (route.id === 'held' ? { ...route, config } : route));

      await expect(gateway.push(wrong)).rejects.toThrow();
      expect((await get('/held')).status).toBe(200);
    });

    test('an instance that the server does not know is started anew, and the request is not lost', async () => {
      recorder.instances.clear();

      expect((await get('/held')).status).toBe(200);
      expect(recorder.methods).toEqual(['HandleEvent', 'StartInstance', 'HandleEvent']);
    });
  });

  describe('PDK calls', () => {
    test('each step carries the event and the result', async () => {
      await during('/held/x?y=1', ['kong.request.get_path']);

      const handled = recorder.calls.find(({ method }) => method === 'HandleEvent');
      expect(recorder.methods).toEqual(['HandleEvent', 'Step']);
      expect(handled).toBeDefined();
      expect(recorder.calls[1]?.argument).toEqual({ EventId: expect.any(Number), Data: '/held/x' });
    });

    test('they tell path, method, headers and the worker', async () => {
      const returned = await during(
        '/held//a%20b/../c?q',
        ['kong.request.get_path'],
        ['kong.request.get_method'],
        ['kong.request.get_header', 'x-once'],
        ['kong.request.get_header', 'X-Not-There'],
        ['kong.nginx.get_var', 'pid'],
        ['kong.nginx.get_var', 'no_such_variable'],
      );

      expect(returned).toEqual([
        '/held//a%20b/../c',
        'GET',
        'one',
        undefined,
        expect.stringMatching(/^\d+$/),
        undefined,
      ]);
    });

    test.each(['err', 'warn', 'notice'])('kong.log.%s returns nothing', async (level) => {
      expect(await during('/held', [`kong.log.${level}`, 'a line of the contract'])).toEqual([undefined]);
    });

    test('a step without a result has no Data at all', async () => {
      await during('/held', ['kong.log.notice', 'a line of the contract']);

      expect(Object.keys(recorder.calls[1]?.argument as object)).toEqual(['EventId']);
    });

    test('one that the gateway does not know returns nothing, and the request goes on', async () => {
      expect(await during('/held', ['kong.no.such_call', 1])).toEqual([undefined]);
      expect(backend.asked).toHaveLength(1);
    });

    test('a wrong argument ends the request with 500', async () => {
      recorder.phase = async (pdk) => {
        await pdk('kong.request.get_header');
      };
      const answer = await get('/held');

      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.body)).toEqual({ message: 'An unexpected error occurred' });
      expect(backend.asked).toHaveLength(0);
    });

    test('set_header adds to the answer, clear_header keeps from the backend', async () => {
      recorder.phase = async (pdk) => {
        await pdk('kong.response.set_header', 'X-Number', 5);
        await pdk('kong.service.request.clear_header', 'X-Once');
      };
      const answer = await get('/held', { 'X-Once': 'one', 'X-Other': 'two' });

      expect(answer.headers['x-number']).toBe('5');
      expect(backend.asked[0]?.headers).not.toHaveProperty('x-once');
      expect(backend.asked[0]?.headers).toHaveProperty('x-other', 'two');
    });

    test('exit answers the request and ends the phase', async () => {
      const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '5' };
      recorder.phase = async (pdk) => {
        await pdk('kong.response.exit', 503, '{"title":"asleep"}', headers);
      };
      const answer = await get('/held');

      expect(answer).toMatchObject({ status: 503, body: '{"title":"asleep"}' });
      expect(answer.headers).toMatchObject({
        'content-type': 'application/problem+json',
        'retry-after': '5',
        'content-length': '18',
        server: 'kong/2.8.1',
      });
      expect(answer.headers).not.toHaveProperty('via');
      expect(recorder.methods).toEqual(['HandleEvent']);
      expect(backend.asked).toHaveLength(0);
    });

    test('exit with a table answers JSON, without a body nothing', async () => {
      recorder.phase = async (pdk) => {
        await pdk('kong.response.exit', 404, { a: 1 });
      };
      const json = await get('/held');
      recorder.phase = async (pdk) => {
        await pdk('kong.response.exit', 204);
      };
      const nothing = await get('/held');

      expect(json).toMatchObject({ status: 404, body: '{"a":1}' });
      expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(nothing).toMatchObject({ status: 204, body: '' });
    });
  });

  describe('a plugin server that fails', () => {
    test('an error is logged and the request goes on', async () => {
      recorder.intercept = ({ method }, [, id]) => (method === 'HandleEvent' ? [1, id, 'broken', null] : undefined);

      expect(await get('/held')).toMatchObject({ status: 200, body: 'from the backend' });
    });

    test('silence for the read time-out lets the request go on', async () => {
      recorder.intercept = () => 'silence';
      const answer = await get('/held');

      expect(answer).toMatchObject({ status: 200, body: 'from the backend' });
      expect(answer.ms).toBeGreaterThan(900);
      expect(answer.ms).toBeLessThan(3000);
    });

    test('an answer after the time-out, on a connection that is idle by then, hurts nobody', async () => {
      let late: () => void = () => undefined;
      recorder.intercept = (_call, answer, socket) => {
        late = () => {
          recorder.intercept = () => undefined;
          socket.write(Buffer.from(JSON.stringify(answer)));
        };
        return 'silence';
      };
      await get('/held');
      late();
      await new Promise((resolve) => setTimeout(resolve, 100));

      expect(tally(await sendMany(5, { port: gateway.port, path: '/held' }))).toEqual({ '200': 5 });
    });

    test('its connection breaks: the request goes on', async () => {
      recorder.intercept = (_call, _answer, socket) => {
        socket.destroy();
        return 'silence';
      };

      expect(await get('/held')).toMatchObject({ status: 200, body: 'from the backend' });
    });

    test('an answer with another id ends the request with 500', async () => {
      recorder.intercept = (_call, [, id, error, result]) => [1, Number(id) + 1000, error, result];
      const answer = await get('/held');

      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.body)).toEqual({ message: 'An unexpected error occurred' });
    });

    test('a client that leaves takes its connection to the plugin server with it', async () => {
      const held = new Promise<never>(() => undefined);
      recorder.phase = () => held;
      const before = recorder.connections;
      const client = request({ port: gateway.port, host: '127.0.0.1', path: '/held', agent: false });
      client.on('error', () => undefined);
      client.end();
      await until('the phase runs', () => recorder.methods.includes('HandleEvent'));
      client.destroy();

      await until('the connection is gone', () => recorder.connections < Math.max(before, 1));
      expect(backend.asked).toHaveLength(0);
    });
  });

  describe('a plugin server that shuts down', () => {
    const teapot = async (pdk: Pdk): Promise<void> => {
      await pdk('kong.response.exit', 418);
    };

    test('a close notice that comes before an answer is skipped', async () => {
      recorder.phase = teapot;
      recorder.intercept = (_call, _answer, socket) => {
        socket.write(CLOSE_NOTICE);
        return undefined;
      };

      expect(tally(await sendMany(20, { port: gateway.port, path: '/held' }))).toEqual({ '418': 20 });
    });

    test('a close notice on an idle connection closes it', async () => {
      const idle = new Set<Socket>();
      recorder.intercept = (_call, _answer, socket) => {
        idle.add(socket);
        return undefined;
      };
      expect(tally(await sendMany(20, { port: gateway.port, path: '/held' }))).toEqual({ '200': 20 });
      for (const socket of idle) socket.write(CLOSE_NOTICE);

      await until('they are closed', () => [...idle].every((socket) => socket.closed));
    });

    test('a short one that comes with an answer would be lost: the connection is used again', async () => {
      const seen: Socket[] = [];
      recorder.phase = teapot;
      recorder.intercept = (_call, answer, socket) => {
        seen.push(socket);
        socket.write(Buffer.concat([encode(answer), CLOSE_NOTICE]));
        return 'silence';
      };
      for (let request = 0; request < 10; request += 1) expect((await get('/held')).status).toBe(418);

      expect(new Set(seen).size).toBeLessThan(seen.length);
    });

    test('a connection whose answer comes with a close notice is never used again, however soon the next call is', async () => {
      const left = new Set<Socket>();
      let again = 0;
      recorder.phase = teapot;
      recorder.intercept = (_call, answer, socket) => {
        if (left.has(socket)) again += 1;
        left.add(socket);
        socket.write(lastAnswer(encode(answer)) ?? '');
        return 'silence';
      };
      for (let round = 0; round < 20; round += 1)
        expect(tally(await sendMany(20, { port: gateway.port, path: '/held' }))).toEqual({ '418': 20 });

      expect(again).toBe(0);
      expect(left.size).toBe(400);
      await until('they are closed', () => [...left].every((socket) => socket.closed));
    }, 20_000);

    test('a notice that meets a call, and one behind its answer, leave nothing that a later call could read', async () => {
      const left = new WeakSet<Socket>();
      let again = 0;
      recorder.phase = async (pdk) => {
        await pdk('kong.request.get_path');
        await pdk('kong.response.exit', 418);
      };
      recorder.intercept = (call, answer, socket) => {
        if (left.has(socket)) again += 1;
        if (call.method !== 'Step') return undefined;
        left.add(socket);
        socket.write(CLOSE_NOTICE);
        // While Kong reads the notice.
        setImmediate(() => socket.write(lastAnswer(encode(answer)) ?? ''));
        return 'silence';
      };
      const agent = new Agent({ keepAlive: true });
      const ask = async (): Promise<void> => {
        for (let n = 0; n < 12; n += 1)
          expect((await send({ port: gateway.port, path: '/held', agent })).status).toBe(418);
      };
      await Promise.all(Array.from({ length: 8 }, ask));
      agent.destroy();

      expect(again).toBe(0);
    }, 20_000);

    test('a Step that is answered with `no plugin instance` has the gateway begin the phase anew', async () => {
      let runs = 0;
      recorder.phase = async (pdk) => {
        runs += 1;
        await pdk('kong.request.get_path');
        await teapot(pdk);
      };
      let refused = 0;
      recorder.intercept = ({ method }, answer) => {
        if (method !== 'Step' || refused === 2) return undefined;
        refused += 1;
        return [1, answer[1], 'no plugin instance for event 1', null];
      };

      expect((await get('/held')).status).toBe(418);
      expect(runs).toBe(3);
      expect(recorder.methods.filter((method) => method === 'StartInstance').length).toBeGreaterThanOrEqual(2);
    });
  });

  describe('proxying', () => {
    test('the backend is asked with the path, the host and where the request came from', async () => {
      await send({
        port: gateway.port,
        path: '/plain/a%2Fb?c=d',
        method: 'POST',
        body: 'hello',
        headers: { Host: 'shop.example:1234' },
      });

      expect(backend.asked[0]).toMatchObject({
        url: '/plain/a%2Fb?c=d',
        body: 'hello',
        headers: {
          host: 'shop.example:1234',
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': 'shop.example',
          'x-forwarded-port': String(gateway.port),
          'x-forwarded-path': '/plain/a%2Fb',
          'x-real-ip': '127.0.0.1',
        },
      });
    });

    test('a client cannot pretend to come from elsewhere', async () => {
      await get('/plain', { 'X-Forwarded-For': '10.0.0.1', 'X-Forwarded-Proto': 'https', 'X-Real-IP': '10.0.0.1' });

      expect(backend.asked[0]?.headers).toMatchObject({
        'x-forwarded-for': '10.0.0.1, 127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-real-ip': '127.0.0.1',
      });
    });

    test('the answer tells that it came from the backend, and how long that took', async () => {
      const answer = await get('/plain');

      expect(answer).toMatchObject({ status: 200, body: 'from the backend' });
      expect(answer.headers).toMatchObject({
        via: 'kong/2.8.1',
        'x-backend': 'echo',
        'x-kong-upstream-latency': expect.stringMatching(/^\d+$/),
        'x-kong-proxy-latency': expect.stringMatching(/^\d+$/),
      });
      expect(answer.headers).not.toHaveProperty('server');
    });

    test('a path that is stripped', async () => {
      await get('/strip/below?q');
      await get('/strip');

      expect(backend.asked.map(({ url }) => url)).toEqual(['/below?q', '/']);
    });

    test('an exact path matches nothing below it', async () => {
      expect((await get('/exact')).status).toBe(200);
      expect((await get('/exact/below')).status).toBe(404);
    });

    test('no route', async () => {
      const answer = await get('/elsewhere');

      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toEqual({ message: 'no Route matched with those values' });
    });

    test('no endpoint: the plugin runs first, then the balancer refuses', async () => {
      const answer = await get('/empty');

      expect(recorder.methods).toContain('HandleEvent');
      expect(answer.status).toBe(503);
      expect(answer.body).toBe('{"message":"failure to get a peer from the ring-balancer"}');
      expect(answer.headers).not.toHaveProperty('x-kong-upstream-latency');
    });

    test.each([
      ['application/json', '{\n  "message":"An invalid response was received from the upstream server"\n}'],
      ['*/*', '{\n  "message":"An invalid response was received from the upstream server"\n}'],
      ['text/plain', 'An invalid response was received from the upstream server\n'],
    ])('an endpoint that refuses, for a client that accepts %s', async (accept, body) => {
      const answer = await get('/dead', { Accept: accept });

      expect(answer).toMatchObject({ status: 502, body });
    });
  });
}
