import { join } from 'node:path';
import { readCluster } from '../../../demo/manifests/cluster';
import { declarative } from '../../../demo/real/kong';
import { routesOf } from '../../../demo/routing';
import { kongFields } from '../../../src/config/kong-fields';
import type { KongFields } from '../../../demo/kong/schema';

const root = join(__dirname, '../../..');
const paths = ['manifests/base', 'manifests/rabbitmq/definitions.json', 'sample/consumer', 'sample/foo'];
const cluster = readCluster(root, paths);
const info = { name: 'serverless', phases: ['access'], config: kongFields as unknown as KongFields, dump: '' };
const services = new Map(cluster.workloads.map(({ name }) => [name, { name, endpoints: () => ['127.0.0.1:1'] }]));
const page = { name: 'demo', endpoints: () => ['127.0.0.1:2'] };
const routes = routesOf(cluster, info, services, page);

describe('the routes', () => {
  test('the paths of one Ingress share one configuration of the plugin, completed by its schema', () => {
    const kong = routes.filter(({ service }) => service.name === 'consumer');

    expect(kong).toHaveLength(2);
    expect(kong[0]?.plugin).toBe(kong[1]?.plugin);
    expect(kong[0]?.plugin).toMatchObject({
      plugin: 'serverless',
      config: {
        count: 300,
        interval: 100,
        on_timeout: 'reject',
        backend: [{ target: '/kong', health: '/healthz.html' }],
      },
    });
  });

  test('each configuration is its own', () => {
    const keys = routes.flatMap(({ plugin }) => plugin?.config.__key__ ?? []);

    expect(new Set(keys).size).toBe(2);
  });

  test('the page is at / unless an Ingress has that', () => {
    const withRoot = {
      ...cluster,
      paths: cluster.paths.map((path) => ({ ...path, match: 'prefix' as const, path: '/' })),
    };

    expect(routes.filter(({ id }) => id === 'demo').map(({ path }) => path)).toEqual(['/', '/_demo/']);
    expect(
      routesOf(withRoot, info, services, page)
        .filter(({ id }) => id === 'demo')
        .map(({ path }) => path),
    ).toEqual(['/_demo/']);
  });

  test('a plugin that is not ours, or not there, is an error naming it', () => {
    const plugins = new Map([...cluster.plugins].map(([name, value]) => [name, { ...value, plugin: 'key-auth' }]));

    expect(() => routesOf({ ...cluster, plugins }, info, services, page)).toThrow('only the plugin serverless');
    expect(() => routesOf({ ...cluster, plugins: new Map() }, info, services, page)).toThrow('KongPlugin serverless');
  });

  test("a real Kong gets them as the ingress controller writes them, without the gateway's own keys", () => {
    const written = declarative(routes) as { services: Record<string, unknown>[]; upstreams: unknown[] };

    expect(written.services.map(({ name }) => name)).toEqual(['consumer', 'foo', 'demo']);
    expect(written.services[0]).toMatchObject({
      host: 'consumer.demo.http.svc',
      routes: [
        { paths: ['/kong$', '/kong/'], strip_path: false, preserve_host: true, plugins: [{ name: 'serverless' }] },
      ],
    });
    expect(JSON.stringify(written)).not.toContain('__key__');
    expect(written.upstreams).toContainEqual({ name: 'consumer.demo.http.svc', targets: [{ target: '127.0.0.1:1' }] });
  });
});
