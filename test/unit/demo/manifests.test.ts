import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, readCluster } from '../../../demo/manifests/cluster';
import { faster } from '../../../demo/fast';
import { gatewaySettings } from '../../../demo/manifests/helm-values';
import { parseOptions } from '../../../demo/options';

const root = join(__dirname, '../../..');
const options = parseOptions([]);
const manifests = options === 'help' ? [] : options.manifests;

describe("the repository's own manifests", () => {
  let cluster: Cluster;

  beforeAll(() => {
    cluster = readCluster(root, manifests);
  });

  test('every sample service has a Deployment, and every Deployment a ScaledObject', () => {
    const names = cluster.workloads.map(({ name }) => name).sort();

    expect(names).toEqual(['bar', 'consumer', 'foo', 'worker']);
    expect(cluster.scalings.map(({ target }) => target).sort()).toEqual(names);
  });

  test('an Ingress path of type Prefix is an exact and a prefix path of one Kong route', () => {
    const paths = cluster.paths.filter(({ workload }) => workload.name === 'consumer');

    expect(paths.map(({ match, path }) => [match, path])).toEqual([
      ['exact', '/kong'],
      ['prefix', '/kong/'],
    ]);
    expect(new Set(paths.map(({ route }) => route)).size).toBe(1);
    expect(paths[0]?.plugins).toEqual(['serverless']);
  });

  test("nginx stands for the files of its ConfigMap; the sample's image for itself, with its environment", () => {
    const process = (name: string) => cluster.workloads.find((workload) => workload.name === name)?.process;

    expect(process('consumer')?.args).toEqual(['pages']);
    expect([...(process('consumer')?.files.keys() ?? [])]).toEqual(['kong/index.html', 'kong/healthz.html']);
    expect(process('foo')).toMatchObject({ args: ['service', 'foo'], env: { PORT: '5000' } });
    expect(process('worker')).toMatchObject({ args: ['worker'], env: { PUBSUB: 'jobs', TOPIC: 'jobs' } });
  });

  test('each queue of a ScaledObject is in the topology, and the ones of services expire', () => {
    const ttls = new Map(cluster.topology.queues.map(({ name, ttlMs }) => [name, ttlMs]));

    expect(cluster.scalings.map(({ queue }) => ttls.has(queue))).toEqual(cluster.scalings.map(() => true));
    expect(ttls.get('serverless')).toBe(30_000);
    expect(ttls.get('worker-jobs')).toBeUndefined();
  });

  test('probes, grace and preStop come from the Deployment', () => {
    expect(cluster.workloads.find(({ name }) => name === 'consumer')).toMatchObject({
      readiness: { path: '/kong/healthz.html', periodMs: 1000, successes: 1, failures: 3, timeoutMs: 1000 },
      gracePeriodMs: 30_000,
      preStopMs: 5000,
      dapr: undefined,
    });
    expect(cluster.workloads.find(({ name }) => name === 'worker')?.dapr).toEqual({ appId: 'worker', appPort: 5000 });
  });

  test('the faster cluster has shorter cooldowns and TTLs, and leaves queues alone whose messages stay', () => {
    const fast = faster(cluster);

    expect(fast.scalings.map(({ cooldownMs }) => cooldownMs)).toEqual(cluster.scalings.map(() => 5000));
    expect(fast.topology.queues.find(({ name }) => name === 'serverless')?.ttlMs).toBe(5000);
    expect(fast.topology.queues.find(({ name }) => name === 'worker-jobs')?.ttlMs).toBeUndefined();
  });

  test("the gateway's settings come from Kong's Helm values", () => {
    expect(gatewaySettings(root, 'kong/values.yaml')).toEqual({
      appId: 'serverless',
      readTimeoutMs: 300_000,
      checkClientAbort: false,
      upstreamIdleMs: 10_000,
      syncMs: 500,
    });
    expect(gatewaySettings(root, 'no/such/values.yaml')).toEqual({
      appId: 'serverless',
      readTimeoutMs: 60_000,
      checkClientAbort: false,
      upstreamIdleMs: 60_000,
      syncMs: 3000,
    });
  });
});

describe('a change in the manifests', () => {
  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'manifests-'));
    for (const folder of ['manifests', 'keda', 'sample/consumer', 'sample/foo', 'sample/bar', 'sample/worker']) {
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    }
  });

  afterEach(() => {
    rmSync(copy, { recursive: true });
  });

  /** Replaces text that must be there. */
  const edit = (file: string, from: string | RegExp, to: string): void => {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    const replaced = text.replace(from, to);
    if (replaced === text) throw new Error(`${file} has no ${String(from)}`);
    writeFileSync(path, replaced);
  };
  /** Edits a file and reads all of them again. */
  const changed = (file: string, from: string | RegExp, to: string): Cluster => {
    edit(file, from, to);
    return readCluster(copy, manifests);
  };
  const scaledObject = 'keda/rabbitmq/scaled-object.yaml';
  const deployment = 'sample/consumer/deployment.yaml';
  const ingress = 'manifests/base/ingress.yaml';
  const definitions = 'manifests/rabbitmq/definitions.json';

  test('is what the demo does: cooldown, replicas, polling, value, behaviour', () => {
    changed(scaledObject, 'cooldownPeriod: 10', 'cooldownPeriod: 77');
    changed(scaledObject, 'maxReplicaCount: 3', 'maxReplicaCount: 7');
    changed(scaledObject, "value: '10'", "value: '4'\n        activationValue: '2'");
    const cluster = changed(scaledObject, 'stabilizationWindowSeconds: 30', 'stabilizationWindowSeconds: 90');

    expect(cluster.scalings.find(({ target }) => target === 'consumer')).toMatchObject({
      ...{ cooldownMs: 77_000, max: 7, value: 4, activation: 2, min: 0, pollingIntervalMs: 1000 },
      scaleDown: { windowMs: 90_000 },
    });
  });

  test("the predecessor's spelling counts: queueLength and an immediate path", () => {
    const cluster = changed(scaledObject, "value: '10'", "queueLength: '25'");
    expect(cluster.scalings.find(({ target }) => target === 'consumer')?.value).toBe(25);

    const paths = changed(ingress, 'pathType: Prefix', 'pathType: ImplementationSpecific').paths;
    expect(paths.filter(({ workload }) => workload.name === 'consumer')).toMatchObject([
      { match: 'prefix', path: '/kong/' },
    ]);
  });

  test('what a ScaledObject leaves out has the default of KEDA and Kubernetes', () => {
    changed(scaledObject, /pollingInterval.*\n/, '\n');
    changed(scaledObject, /cooldownPeriod.*\n/, '\n');
    const scaling = changed(scaledObject, / {2}advanced:[\s\S]*(?= {2}triggers:)/, '').scalings[0];

    expect(scaling).toMatchObject({
      pollingIntervalMs: 30_000,
      cooldownMs: 300_000,
      scaleUp: { windowMs: 0 },
      scaleDown: { windowMs: 300_000 },
    });
  });

  test.each([
    [scaledObject, 'type: rabbitmq', 'type: kafka', 'spec.triggers[0].type', 'kafka'],
    [scaledObject, 'name: consumer\n', 'name: nobody\n', 'spec.scaleTargetRef.name', 'nobody'],
    [scaledObject, 'cooldownPeriod: 10', 'cooldownPeriod: soon', 'spec.cooldownPeriod', 'soon'],
    [scaledObject, 'pollingInterval: 1', 'pollingInterval: 2147484', 'spec.pollingInterval', '0 to 86400 seconds'],
    [scaledObject, 'minReplicaCount: 0', 'idleReplicaCount: 0', 'spec.idleReplicaCount', 'cannot honour'],
    [scaledObject, 'mode: QueueLength', 'mode: MessageRate', 'mode', 'QueueLength'],
    [scaledObject, 'type: Pods', 'type: Pod', 'policies[0].type', 'Percent'],
    [scaledObject, 'kind: ScaledObject', 'kind: ScaledJob', 'kind', 'cannot honour'],
    [deployment, 'image: nginx:', 'image: httpd:', 'containers[0].image', 'no process'],
    [deployment, 'port: http', 'port: https', 'readinessProbe.httpGet.port', 'no container port'],
    [deployment, 'httpGet:', 'tcpSocket:', 'readinessProbe.tcpSocket', 'cannot honour'],
    [deployment, "command: [sleep, '5']", 'command: [nginx, -s, quit]', 'lifecycle.preStop.exec.command', 'sleep'],
    [deployment, 'mountPath: /usr/share/nginx/html/kong', 'mountPath: /srv', 'volumeMounts[0].mountPath', '/usr/share'],
    [
      deployment,
      'name: contents\n              mountPath',
      'name: nothing\n              mountPath',
      'volumeMounts[0].name',
      'no such volume',
    ],
    ['sample/consumer/configmap.yaml', 'name: contents', 'name: other', 'configMap.name', 'no such ConfigMap'],
    ['sample/consumer/service.yaml', 'targetPort: http', 'targetPort: 81', 'targetPort', 'no such container port'],
    ['sample/consumer/service.yaml', 'app: consumer\n  ports', 'app: other\n  ports', 'spec.selector', 'no Deployment'],
    [ingress, 'number: 8080', 'number: 80', 'service.port', 'no port 80'],
    [ingress, 'name: consumer', 'name: nobody', 'service.name', 'no Service nobody'],
    [ingress, 'pathType: Prefix', 'pathType: Sometimes', 'pathType', 'Sometimes'],
    [
      ingress,
      "konghq.com/strip-path: 'false'",
      "konghq.com/protocols: 'https'",
      'konghq.com/protocols',
      'cannot honour',
    ],
    ['manifests/base/component.yaml', 'pubsub.rabbitmq', 'pubsub.kafka', 'spec.type', 'kafka'],
    [definitions, '"type": "fanout"', '"type": "topic"', 'exchanges[0].type', 'fanout'],
    [definitions, '"x-message-ttl": 30000', '"x-max-length": 10', 'x-max-length', 'cannot honour'],
    ['manifests/base/kustomization.yaml', 'resources:', 'namePrefix: my-\nresources:', 'namePrefix', 'cannot honour'],
  ])(
    'that cannot be honoured is an error naming file, document and field: %s: %s -> %s',
    (file, from, to, field, problem) => {
      const read = (): Cluster => changed(file, from, to);
      let message = '';
      try {
        read();
      } catch (error) {
        message = (error as Error).message;
      }

      // A reference that leads nowhere is reported where it is made, which may be another file of the same folder.
      expect(message).toContain(file.split('/').slice(0, 2).join('/'));
      expect(message).toContain(field);
      expect(message).toContain(problem);
    },
  );

  test("a queue's TTL may come from a policy, and the objects of a List are objects", () => {
    const policies = '"policies": [{"pattern": "^serverless$", "definition": {"message-ttl": 7000}}],\n  "queues": [';
    expect(changed(definitions, '"queues": [', policies).topology.queues).toContainEqual({
      name: 'serverless',
      ttlMs: 7000,
    });

    const file = join(copy, 'sample/consumer/service.yaml');
    const service = readFileSync(file, 'utf8').replaceAll(/^(?=.)/gm, '    ');
    writeFileSync(file, `kind: List\nitems:\n  -\n${service}`);
    expect(readCluster(copy, manifests).paths.map(({ workload }) => workload.name)).toContain('consumer');
  });

  test('what a kustomization names has its namespace, where it says none itself', () => {
    for (const file of [deployment, 'sample/consumer/service.yaml', 'sample/consumer/configmap.yaml']) {
      edit(file, '  namespace: kong\n', '');
    }
    const kustomization = 'sample/consumer/kustomization.yaml';
    expect(() => readCluster(copy, manifests)).toThrow('no Service consumer');

    const { paths } = changed(kustomization, 'resources:', 'namespace: kong\nresources:');
    expect(paths.map(({ workload }) => workload.name)).toContain('consumer');
  });

  test('a document without a kind or a name is an error naming its place', () => {
    writeFileSync(join(copy, 'more.yaml'), 'kind: Secret\nmetadata: {name: a}\n---\nmetadata: {name: b}\n');
    expect(() => readCluster(copy, ['more.yaml'])).toThrow('more.yaml: line 4, kind: expected a string, got nothing');
    writeFileSync(join(copy, 'more.yaml'), 'kind: Secret\n');
    expect(() => readCluster(copy, ['more.yaml'])).toThrow('more.yaml: Secret, metadata.name: expected a value');
  });

  test('a file that is not there, or is no YAML, is an error naming it', () => {
    expect(() => readCluster(copy, ['manifests/nowhere'])).toThrow('manifests/nowhere: no such file or folder');
    writeFileSync(join(copy, 'broken.yaml'), 'a: [1,');
    expect(() => readCluster(copy, ['broken.yaml'])).toThrow('broken.yaml: document 1:');
    writeFileSync(join(copy, 'broken.json'), '{');
    expect(() => readCluster(copy, ['broken.json'])).toThrow('broken.json:');
  });

  test('without a topology there is nothing to publish to', () => {
    expect(() => readCluster(copy, ['sample/consumer'])).toThrow('no RabbitMQ definitions');
  });
});
