import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { KubernetesApi } from '../../../demo/kubernetes/api';
import { slicesOf } from '../../../demo/kubernetes/slices';
import type { Deployment } from '../../../demo/replicas/deployment';
import { systemClock } from '../../../src/adapters/clock';
import { KubernetesEndpoints } from '../../../src/kubernetes/endpoints';
import { apiServer } from '../../../src/kubernetes/service-account';
import type { Pod } from '../../../src/core/ports';
import { until } from '../../../real-parts/wait';

const silent = (): void => undefined;
const SERVICE = { name: 'foo', namespace: 'demo' };

/** A Deployment with replicas: `[port, phase]`, the port unknown while one does not listen. */
const deployment = (...replicas: [port: number | undefined, phase: string][]): Deployment =>
  ({ name: 'foo', replicas: replicas.map(([port, phase], n) => ({ name: `foo-${n}`, port, phase })) }) as never;

let api: KubernetesApi;
let env: Record<string, string>;
const folder = mkdtempSync(join(tmpdir(), 'account-'));
beforeEach(async () => {
  api = await KubernetesApi.start();
  env = await api.admit(folder);
});
afterEach(() => api.close());
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('the plugin server sees replicas listen, become ready, stop and go', async () => {
  api.set(slicesOf([deployment()]));
  const endpoints = new KubernetesEndpoints(apiServer(env, env.SERVERLESS_KUBERNETES)!, systemClock, {
    ...{ debug: silent, info: silent, warn: silent, error: silent },
  });
  const told: (readonly Pod[] | undefined)[] = [];
  endpoints.follow(SERVICE, (pods) => told.push(pods));
  const last = (): unknown => told.at(-1)?.map(({ ready, ports }) => [ports.get(''), ready]);
  const becomes = (expected: unknown): Promise<unknown> =>
    until(JSON.stringify(expected), () => Promise.resolve(JSON.stringify(last()) === JSON.stringify(expected)));
  await becomes([]);
  api.set(slicesOf([deployment([undefined, 'starting'])]));
  api.set(slicesOf([deployment([4001, 'starting'], [4002, 'starting'])]));
  await becomes([
    [4001, false],
    [4002, false],
  ]);
  api.set(slicesOf([deployment([4001, 'ready'], [4002, 'stopping'])]));
  await becomes([[4001, true]]);
  api.set(slicesOf([deployment()]));
  await becomes([]);
  endpoints.close();
  expect(told.at(-1)).toEqual([]);
});

test.each([
  ['without its token', {}, '/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices', 401],
  [
    'of another namespace',
    { authorization: 'Bearer demo' },
    '/apis/discovery.k8s.io/v1/namespaces/x/endpointslices',
    404,
  ],
  [
    'from a version that is long gone',
    { authorization: 'Bearer demo' },
    '/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices?watch=true&resourceVersion=1',
    410,
  ],
])('a request %s fails', async (_, headers, path, status) => {
  for (let change = 0; change < 1100; change += 1) api.set(slicesOf([deployment([change + 1, 'ready'])]));
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host, port, path, headers, rejectUnauthorized: false }, resolve).on('error', reject);
  });
  expect(response.statusCode).toBe(status);
  expect(JSON.parse(await text(response))).toMatchObject({ kind: 'Status', code: status });
});
