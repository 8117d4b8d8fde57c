import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../../src/core/types';
import { valueAt } from '../../../src/manifests/value';
import { fileContent, objectIn, parseDocuments, root } from './documents';
import { problemsOf } from './schemas';
import { unknownFields } from './unknown-fields';

type Values = Readonly<Record<string, unknown>>;

/** As Helm lays one values file over another: records are merged, anything else is replaced. */
const merge = (under: Values, over: Values): Values =>
  Object.fromEntries(
    [...new Set([...Object.keys(under), ...Object.keys(over)])].map((key) => {
      const [low, high] = [under[key], over[key]];
      if (!(key in over)) return [key, low];
      return [key, isRecord(low) && isRecord(high) ? merge(low, high) : high];
    }),
  );

const read = (file: string): Values => fileContent(`kong/${file}`) as Values;

const base = read('values.yaml');
const files = readdirSync(join(root, 'kong')).filter((file) => /^values.*\.yaml$/.test(file));
const all = files.map((file) => [file, file === 'values.yaml' ? base : merge(base, read(file))] as const);

/** What the chart reads, of the keys that we use. A misspelt one would be ignored by Helm in silence. */
const known = [
  ...['admin', 'containerSecurityContext', 'customEnv', 'deployment', 'env', 'image', 'ingressController', 'lifecycle'],
  ...[
    'livenessProbe',
    'nodeSelector',
    'plugins',
    'podAnnotations',
    'podDisruptionBudget',
    'proxy',
    'readinessProbe',
    'replicaCount',
  ],
  ...['resources', 'securityContext', 'terminationGracePeriodSeconds', 'topologySpreadConstraints'],
];

const get = (values: Values, path: string): unknown => valueAt(values, path.split('.'));

/** The pod that the chart makes of them, as far as our values shape it. */
const podOf = (values: Values): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'gateway' },
  spec: {
    replicas: values['replicaCount'] ?? 1,
    selector: { matchLabels: { app: 'gateway' } },
    template: {
      metadata: { annotations: values['podAnnotations'], labels: { app: 'gateway' } },
      spec: {
        terminationGracePeriodSeconds: values['terminationGracePeriodSeconds'],
        topologySpreadConstraints: values['topologySpreadConstraints'],
        securityContext: values['securityContext'],
        volumes: get(values, 'deployment.userDefinedVolumes'),
        initContainers: get(values, 'deployment.initContainers'),
        containers: [
          {
            name: 'proxy',
            resources: values['resources'],
            readinessProbe: values['readinessProbe'],
            livenessProbe: values['livenessProbe'],
            lifecycle: values['lifecycle'],
            securityContext: values['containerSecurityContext'],
            volumeMounts: get(values, 'deployment.userDefinedVolumeMounts'),
          },
        ],
      },
    },
  },
});

test.each(all)('%s has only keys that the chart knows', (_, values) => {
  expect(Object.keys(values).filter((key) => !known.includes(key))).toEqual([]);
});

test('every values file makes a valid pod, without a field that Kubernetes does not know', () => {
  const pods = all.flatMap(([file, values]) => parseDocuments(JSON.stringify(podOf(values)), file));
  expect(pods).toHaveLength(files.length);
  expect(pods.flatMap(({ object }) => problemsOf(object))).toEqual([]);
  expect(unknownFields(pods)).toEqual([]);
});

test.each(all)('%s: a gateway that leaves can release what it holds', (_, values) => {
  const [kong, quit, wait, timeout] = get(values, 'lifecycle.preStop.exec.command') as readonly string[];
  expect([kong, quit]).toEqual(['kong', 'quit']);
  const seconds = (option: string | undefined) => Number(option?.split('=')[1]);
  const { config } = objectIn('manifests/base/kong-plugin.yaml', 'KongPlugin', 'serverless');
  const { count, interval } = config as { count: number; interval: number };
  // Until Kong quits, probes get through; and the sidecar must go on publishing.
  expect(seconds(wait)).toBeGreaterThan((count * interval) / 1000);
  expect(values['podAnnotations']).toMatchObject({ 'dapr.io/block-shutdown-duration': `${seconds(wait)}s` });
  expect(values['terminationGracePeriodSeconds']).toBeGreaterThan(seconds(wait) + seconds(timeout));
});

test.each(all)('%s: the chart takes the version of Kong from effectiveSemver, not from our tag', (file, values) => {
  expect(get(values, 'image.effectiveSemver')).toMatch(file === 'values-kong3.yaml' ? /^3\./ : /^2\.8\./);
});

test.each(all.filter(([file]) => /configmap|plugin-image/.test(file)))(
  '%s: the plugin server, its standby and Kong meet at one socket',
  (_, values) => {
    const socket = get(values, 'env.pluginserver_serverless_socket') as string;
    const folder = socket.slice(0, socket.lastIndexOf('/'));
    const mount = { name: 'serverless', mountPath: folder };
    const sidecars = (get(values, 'deployment.initContainers') as readonly Values[]).filter(
      (one) => one['restartPolicy'] === 'Always',
    );
    expect(sidecars.map((one) => one['name'])).toEqual(['serverless', 'serverless-standby']);
    for (const sidecar of sidecars) {
      expect(JSON.stringify([sidecar['command'], sidecar['args']])).toContain(socket);
      expect(JSON.stringify(sidecar['startupProbe'])).toContain(socket);
      expect(sidecar['volumeMounts']).toContainEqual(mount);
    }
    expect(get(values, 'deployment.userDefinedVolumeMounts')).toContainEqual(mount);
    // Its socket is for this user and group only, which all containers of the pod have.
    expect(get(values, 'securityContext')).toMatchObject({
      runAsUser: expect.any(Number),
      runAsGroup: expect.any(Number),
    });
    const [first, standby] = sidecars;
    expect(standby?.['image']).toBe(first?.['image']);
    expect(standby?.['env']).toEqual(first?.['env']);
    expect(first?.['env']).toContainEqual({ name: 'SERVERLESS_SOCKET_MODE', value: '0660' });
  },
);

test("AWS' template refers to what it defines", () => {
  const file = 'manifests/brokers/snssqs/topology.yaml';
  const template = fileContent(file) as Record<'Parameters' | 'Resources', Values>;
  const text = readFileSync(join(root, file), 'utf8');
  const defined = [...Object.keys(template.Parameters), ...Object.keys(template.Resources)];
  const referred = [...text.matchAll(/\{ Ref: (\w+) \}|Fn::GetAtt: \[(\w+),/g)].map((match) => match[1] ?? match[2]);
  expect(referred.length).toBeGreaterThan(8);
  expect(referred.filter((name) => !defined.includes(name!))).toEqual([]);
});
