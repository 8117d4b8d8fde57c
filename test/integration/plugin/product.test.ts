import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { makeFolder, removeFolder } from '../../../real-parts/guard';
import { OwnProbes } from '../../../src/adapters/own-probes';
import { compose } from '../../../src/compose';
import type { ProcessSettings } from '../../../src/config/process-settings';
import type { Product } from '../../../src/kong/contract';
import { FakeKong } from '../../support/fake-kong';
import { FakeDapr, pubsubNotFound } from '../../support/fake-dapr';
import { stopAll } from '../../support/suite';
import { FakeGateway, until } from '../adapters/gateway';

// The predecessor's own values, faster.
jest.setTimeout(30_000);

const CONFIG = {
  count: 300,
  interval: 20,
  backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'kong-serverless-plugin', topic: 'serverless' }],
};
const TOKEN = 'a-secret-of-dapr';

const OF_THE_PROCESS: ProcessSettings = {
  gatewayUrl: 'http://127.0.0.1:1',
  gatewayGrpcUrl: 'http://127.0.0.1:1',
  daprUrl: 'http://127.0.0.1:1',
  daprToken: TOKEN,
  statusListen: 'off',
  statusToken: undefined,
  socketMode: 0o666,
  logLevel: 'info',
  logFormat: 'json',
  maxHeld: undefined,
  debugErrors: false,
  kubernetesEvents: false,
  kubernetes: 'off',
};

let gateway: FakeGateway;
let dapr: FakeDapr;
let product: Product;
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
  // The gateway's own books of probes do not matter: what comes by the plugin goes to the product below.
  gateway = await new FakeGateway(new OwnProbes()).start();
  dapr = await FakeDapr.start();
  const settings: ProcessSettings = {
    ...OF_THE_PROCESS,
    gatewayUrl: gateway.url,
    gatewayGrpcUrl: gateway.url,
    daprUrl: `http://127.0.0.1:${dapr.port}`,
  };
  product = compose(
    settings,
    Object.assign(pino({}, { write: (line: string) => lines.push(line) }), { linesDropped: () => 0 }),
  );
});

afterEach(stopAll(() => [product, gateway, dapr]));

interface Phase {
  readonly kong: FakeKong;
  readonly ended: Promise<void>;
}

/** Sends a request through the plugin, as the worker that `pid` names. */
function send(instance = new product.module.Plugin(CONFIG), pid = 11, path = '/kong/'): Phase {
  const kong = new FakeKong({ pid, path, headers: { Host: 'shop.example.com' } });
  return { kong, ended: Promise.resolve(instance.access(kong)) };
}

/** The gateway's workers run the plugin for each request, and answer 503 while the backend has no replicas. */
function runPlugin(isUp: () => boolean): FakeKong[] {
  const instances = new Map<number, InstanceType<Product['module']['Plugin']>>();
  const probes: FakeKong[] = [];
  gateway.answer = (request, response, pid) => {
    const instance = instances.get(pid) ?? new product.module.Plugin(CONFIG);
    instances.set(pid, instance);
    const ticket = request.headers['x-serverless-probe'];
    const headers = typeof ticket === 'string' ? { 'X-Serverless-Probe': ticket } : {};
    const kong = new FakeKong({ pid, path: request.url ?? '', headers });
    probes.push(kong);
    void Promise.resolve(instance.access(kong)).then(() => {
      response.writeHead(isUp() ? 200 : 503).end();
    });
  };
  return probes;
}

test('a cold start, whole: held, one wake-up, released, and told', async () => {
  let up = false;
  const probes = runPlugin(() => up);
  const held = Array.from({ length: 20 }, () => send());
  await until(() => dapr.published.length > 0 && probes.length > 5);
  expect(product.held()).toBe(20);
  expect(product.status()).toMatchObject({
    held: 20,
    draining: false,
    backends: [{ target: '/kong', state: 'waking' }],
  });
  up = true;
  await Promise.all(held.map(({ ended }) => ended));
  await product.settled();
  expect(product.held()).toBe(0);
  for (const { kong } of held) {
    expect(kong.exited).toBeUndefined();
    expect(kong.responseHeaders).toHaveProperty('X-Serverless-Cold-Start');
  }
  const [wakeUp] = dapr.messages('cold-start');
  expect(dapr.messages('cold-start')).toHaveLength(1);
  expect(wakeUp).toMatchObject({ pubsub: 'kong-serverless-plugin', topic: 'serverless' });
  expect(wakeUp!.headers['dapr-api-token']).toBe(TOKEN);
  expect(wakeUp!.message).toMatchObject({ backend: '/kong', requests: 1 });
  // Every probe was recognised, let through, and lost its ticket on the way.
  for (const probe of probes) expect(probe.clearedHeaders).toEqual(['X-Serverless-Probe']);
  expect(gateway.seen[0]!.headers.host).toBe('shop.example.com');
  expect(lines.filter((line) => line.includes('"cold start"'))).toHaveLength(1);
  const metrics = await product.metrics('prometheus', false);
  expect(metrics).toContain('serverless_hold_seconds_count{backend="/kong",outcome="released"} 20');
  expect(metrics).toContain('serverless_requests_held 0');
});

test('the requests of another worker go on when a probe has passed through theirs', async () => {
  const up = new Set<number>();
  gateway.assign = (connection) => (connection % 2 === 0 ? 11 : 12);
  runPlugin(() => true);
  const answer = gateway.answer!;
  gateway.answer = (request, response, pid) => {
    if (up.has(pid)) answer(request, response, pid);
    else {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = () => writeHead(503);
      answer(request, response, pid);
    }
  };
  // A settle limit that does not matter here.
  const config = { ...CONFIG, probe: { settle: 14_000 }, lease: 29_000 };
  const [one, two] = [11, 12].map((pid) => send(new product.module.Plugin(config), pid));
  await until(() => dapr.published.length > 0);
  up.add(11);
  await one!.ended;
  expect(product.held()).toBe(1);
  up.add(12);
  await two!.ended;
  expect(two!.kong.exited).toBeUndefined();
});

test('a refused wake-up has Dapr’s words in the logs and not in the answer, and no secret is in any answer, log, status or metric', async () => {
  runPlugin(() => false);
  dapr.answer = pubsubNotFound('kong-serverless-plugin');
  const { kong, ended } = send();
  await ended;
  expect(kong.problem).toMatchObject({
    code: 'SERVERLESS_WAKE_REFUSED',
    lastProbe: { status: 503 },
    lastPublish: { status: 404 },
  });
  expect(kong.exited?.body).not.toContain('ERR_PUBSUB_NOT_FOUND');
  const everything = [
    ...lines,
    ...kong.logged,
    kong.exited?.body,
    JSON.stringify(product.status()),
    await product.metrics('prometheus', false),
  ].join('\n');
  expect(everything).toContain('ERR_PUBSUB_NOT_FOUND');
  expect(everything).not.toContain(TOKEN);
  for (const { headers } of gateway.seen) expect(everything).not.toContain(headers['x-serverless-probe']);
});

test('draining refuses new requests, and keeps those that are held', async () => {
  let up = false;
  runPlugin(() => up);
  const held = send();
  await until(() => dapr.published.length > 0);
  product.drain();
  const refused = send();
  await refused.ended;
  expect(refused.kong.problem).toMatchObject({ code: 'SERVERLESS_SHUTTING_DOWN' });
  expect(product.status()).toMatchObject({ draining: true });
  up = true;
  await held.ended;
  await product.settled();
  expect(held.kong.exited).toBeUndefined();
  expect(await product.metrics('prometheus', false)).toContain(
    'serverless_rejections_total{code="SERVERLESS_SHUTTING_DOWN"} 1',
  );
});

test('a configuration that is wrong answers every request of its route 503, and says all that is wrong with it', async () => {
  const instance = new product.module.Plugin({ ...CONFIG, lease: 60_000, count: 'many' });
  const logged: string[] = [];
  for (const { kong, ended } of [send(instance), send(instance, 12, '/elsewhere')]) {
    await ended;
    expect(kong.problem).toMatchObject({ code: 'SERVERLESS_CONFIG_INVALID' });
    logged.push(...kong.logged);
  }
  // Once a second, however many ask.
  expect(logged).toEqual([expect.stringMatching(/count[^]*lease/)]);
  expect(gateway.seen).toEqual([]);
  expect(await product.metrics('prometheus', false)).toContain(
    'serverless_rejections_total{code="SERVERLESS_CONFIG_INVALID"} 2',
  );
});

test('the configuration decides how many the process may hold', async () => {
  runPlugin(() => false);
  expect(product.status()).toMatchObject({ maxHeld: expect.any(Number) });
  const instance = new product.module.Plugin({ ...CONFIG, max_held: 1 });
  const first = send(instance);
  const second = send(instance);
  await second.ended;
  expect(second.kong.problem).toMatchObject({ code: 'SERVERLESS_HOLD_OVERFLOW' });
  expect(first.kong.exited).toBeUndefined();
});

test('closing ends the probes of a backend that is waited for', async () => {
  runPlugin(() => false);
  send();
  await until(() => gateway.seen.length > 3);
  await product.close();
  await until(() => gateway.open === 0);
  const seen = gateway.seen.length;
  // Two periods of probing.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(gateway.seen).toHaveLength(seen);
});

test('an operator wakes a backend that a request has come for, and lets it sleep', async () => {
  let isUp = false;
  runPlugin(() => isUp);
  expect(product.wake('unknown')).toEqual({ kind: 'unknown' });
  const { ended } = send();
  await until(() => product.held() === 1);
  isUp = true;
  await ended;
  const [{ key } = { key: '' }] = product.status().backends;
  expect(product.sleep(key)).toMatchObject({ kind: 'done' });
  expect(product.wake(key)).toMatchObject({ kind: 'done' });
  await until(() => product.held() === 0);
  const text = await product.metrics('openmetrics', true);
  expect(text).toContain('serverless_backend_state{backend="/kong"}');
  expect(text).toContain('serverless_standby_present 1');
  product.onServed(0.2, false);
  expect(await product.metrics('prometheus', true)).toContain('serverless_rpc_seconds_count{kind="unread"} 1');
});

test('Events that are asked for where there is no Kubernetes are missed in the log', async () => {
  const settings: ProcessSettings = { ...OF_THE_PROCESS, kubernetesEvents: true };
  const warned: string[] = [];
  const log = Object.assign(pino({}, { write: (line: string) => warned.push(line) }), { linesDropped: () => 0 });
  const other = compose(settings, log);
  expect(warned.join('')).toContain('no Events are written: SERVERLESS_KUBERNETES_EVENTS needs the Kubernetes API');
  await other.close();
});

test('Events are written where there is one, and end with the product', async () => {
  const folder = makeFolder('account');
  writeFileSync(join(folder, 'token'), 'secret');
  writeFileSync(join(folder, 'ca.crt'), 'none');
  process.env.KUBERNETES_SERVICE_HOST = '127.0.0.1';
  try {
    const log = Object.assign(pino({ level: 'silent' }), { linesDropped: () => 0 });
    const other = compose({ ...OF_THE_PROCESS, kubernetes: folder, kubernetesEvents: true }, log);
    expect(other.status().kubernetes).toEqual({});
    await other.close();
  } finally {
    delete process.env.KUBERNETES_SERVICE_HOST;
    await removeFolder(folder);
  }
});
