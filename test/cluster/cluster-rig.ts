import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { type Call, send } from '../../real-parts/http';
import { get, kubectl, PortForward } from '../../real-parts/kubernetes';
import { say } from '../support/suite';
import { until } from '../../real-parts/wait';
import { RabbitMq } from '../../real-parts/rabbitmq';

/**
 * Prerequisites in the cluster: KEDA, Dapr's control plane, and in this namespace, which the manifests name, Kong 2.8 with its ingress
 * controller (2.x) as a Deployment with a container `proxy`.
 */
export const NAMESPACE = 'kong';

/** Unmodified, except for the names of images. */
const MANIFESTS = ['manifests/overlays/minikube', 'sample/foo', 'sample/bar', 'sample/worker/rabbitmq'];

/** Laid over MANIFESTS: what tells KEDA, as one more subscriber of the topic, and a ScaledObject with both triggers. */
const SCALER_MANIFESTS = ['manifests/scaler-dapr', 'keda/push-and-queue'];

/** The smallest installation: Kong and KEDA, and what tells KEDA of what Kong holds. */
const DIRECT_MANIFESTS = ['manifests/scaler'];
/** Where the gateway publishes then, as to a sidecar of Dapr. */
const SCALER_URL = `http://serverless-scaler.${NAMESPACE}.svc:9091`;

/** Annotation with the previous revision of the gateway's Deployment; in the cluster because CLUSTER_KEEP=1 outlives a run. */
const REPLACED = 'kong-serverless-test/replaced-revision';

interface Container {
  readonly name: string;
  readonly image: string;
}
interface Deployment {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}
interface List<T> {
  readonly items: readonly T[];
}
interface WithConditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
interface Pod extends WithConditions {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
}

export const isReady = ({ status }: WithConditions): boolean =>
  status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;

/** Our images in the cluster; the suite can build them, see `build`. */
const images = {
  gateway: process.env.SERVERLESS_IMAGE ?? 'kong-serverless:0.1.0',
  plugin: process.env.PLUGIN_IMAGE ?? 'kong-serverless-plugin:0.1.0',
  sample: process.env.SAMPLE_IMAGE ?? 'kong-serverless-sample:0.1.0',
};

/**
 * CLUSTER_BUILD is a shell command that builds `$TARGET` of `$DOCKERFILE` as `$IMAGE` in the repository's folder and loads it into the
 * cluster, such as `minikube image build -t "$IMAGE" -f "$DOCKERFILE" --build-opt=target="$TARGET" .`; without it, the images must exist.
 */
const build = (): void => {
  const command = process.env.CLUSTER_BUILD;
  if (command === undefined || command === '') return;
  for (const [image, dockerfile, target] of [
    [images.gateway, 'Dockerfile', 'gateway'],
    [images.plugin, 'Dockerfile', 'plugin'],
    [images.sample, 'sample/Dockerfile', ''],
  ] as const) {
    say(`building ${image}`);
    const env = { ...process.env, IMAGE: image, DOCKERFILE: dockerfile, TARGET: target };
    const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: projectRoot, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`CLUSTER_BUILD failed for ${image}: ${stderr.slice(-3000)}`);
  }
};

/** CLUSTER_IMAGES: `nginx=registry/nginx:1,rabbitmq=registry/rabbitmq:4`, for a cluster that cannot pull from Docker Hub. */
const otherImages = (): ReadonlyMap<string, string> => {
  const given = (process.env.CLUSTER_IMAGES ?? '').split(',').filter(Boolean);
  const own = [`kong-serverless-sample=${images.sample}`, `kong-serverless-plugin=${images.plugin}`];
  return new Map([...own, ...given].map((entry) => entry.split('=') as [string, string]));
};

const imageNames = (): object[] =>
  [...otherImages()].map(([name, target]) => {
    const colon = target.lastIndexOf(':');
    return { name, newName: target.slice(0, colon), newTag: target.slice(colon + 1) };
  });

/** An image of our manifests, by its name without a tag, as the cluster names it. */
export const imageOf = (name: string): string => otherImages().get(name) ?? name;

/** An image of the values as the cluster names it. */
const imageInCluster = (image: string): string => otherImages().get(image.slice(0, image.indexOf(':'))) ?? image;

/** The repository's manifests as kustomize prints them with the cluster's image names. */
const rendered = async (manifests: readonly string[]): Promise<string> => {
  const folder = makeFolder('kustomize');
  const resources = manifests.map((path) => relative(folder, join(projectRoot, path)));
  writeFileSync(join(folder, 'kustomization.yaml'), stringify({ resources, images: imageNames() }));
  const text = await kubectl(['kustomize', folder]);
  await removeFolder(folder);
  return text;
};

interface ScaledObject {
  readonly kind: string;
  readonly spec: { readonly scaleTargetRef: { readonly name: string }; readonly triggers: readonly object[] };
}

/** The manifests with the trigger of keda/push in place of every other. The samples' topics are named as their Deployments. */
const pushed = (manifests: string): string => {
  const file = readFileSync(join(projectRoot, 'keda/push/scaled-object.yaml'), 'utf8');
  const [trigger] = (parse(file) as ScaledObject).spec.triggers as { metadata: object }[];
  return parseAllDocuments(manifests)
    .map((document) => document.toJS() as ScaledObject)
    .map((one) =>
      one.kind === 'ScaledObject'
        ? {
            ...one,
            spec: {
              ...one.spec,
              triggers: [{ ...trigger, metadata: { ...trigger?.metadata, topic: one.spec.scaleTargetRef.name } }],
            },
          }
        : one,
    )
    .map((one) => stringify(one))
    .join('---\n');
};

/** The product installed in a real cluster. `stop` uninstalls it and restores what it replaced. */
export class ClusterRig {
  readonly #manifests: string;
  readonly #revision: string;
  /** Where the gateway answers. */
  readonly #url: URL;

  private constructor(
    manifests: string,
    /** The gateway's Deployment. */
    readonly gateway: string,
    revision: string,
    url: URL,
  ) {
    this.#manifests = manifests;
    this.#revision = revision;
    this.#url = url;
  }

  /** @param values a file of kong/ to lay over values.yaml; left out: our image */
  static start(values?: SidecarValues): Promise<ClusterRig> {
    return ClusterRig.#start(MANIFESTS, (rig, revision) =>
      rig.#apply(values === undefined ? imagePatch(revision) : sidecarPatch(revision, values)),
    );
  }

  /** With Dapr and RabbitMQ, and with the scaler, which Dapr tells: KEDA is told by a push, and reads the queue, too. */
  static async startWithScaler(): Promise<ClusterRig> {
    const rig = await ClusterRig.start();
    try {
      await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], await rendered(SCALER_MANIFESTS));
      await kubectl(['rollout', 'status', 'statefulset/serverless-scaler', '-n', NAMESPACE, '--timeout=180s']);
      await until('the ScaledObjects are ready', () => rig.#scaledObjectsReady(), { timeoutMs: 90_000, everyMs: 500 });
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  /** Without Dapr and without a broker. @param samples of them these, which KEDA is told of by a push, too */
  static startDirect(samples: readonly string[] = []): Promise<ClusterRig> {
    const manifests = [...DIRECT_MANIFESTS, ...samples.map((name) => `sample/${name}`)];
    return ClusterRig.#start(manifests, (rig, revision) => rig.#applyDirect(revision, samples));
  }

  static async #start(
    manifests: readonly string[],
    apply: (rig: ClusterRig, revision: string) => Promise<void>,
  ): Promise<ClusterRig> {
    build();
    const { items } = await get<List<Deployment>>('deployments', '-n', NAMESPACE);
    const gateway = items.find(({ spec }) => spec.template.spec.containers.some(({ name }) => name === 'proxy'));
    if (gateway === undefined) throw new Error(`namespace ${NAMESPACE} has no Deployment with a container 'proxy'`);
    const { name, annotations } = gateway.metadata;
    const revision = annotations[REPLACED] ?? annotations['deployment.kubernetes.io/revision'] ?? '';
    const rig = new ClusterRig(await rendered(manifests), name, revision, await gatewayUrl());
    try {
      await apply(rig, revision);
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  async #applyDirect(revision: string, samples: readonly string[]): Promise<void> {
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], pushed(this.#manifests));
    await this.rolledOut('serverless-scaler');
    await kubectl([
      'patch',
      'deployment',
      this.gateway,
      '-n',
      NAMESPACE,
      '--patch',
      JSON.stringify(directPatch(revision)),
    ]);
    await this.rolledOut(this.gateway);
    await until('the ScaledObjects are ready', () => this.#scaledObjectsReady(), { timeoutMs: 90_000, everyMs: 500 });
    for (const sample of samples) await this.sleeps(sample);
  }

  async #apply(patch: object): Promise<void> {
    await this.#secret();
    // Dapr's injector reads the annotations when a pod is created, and its sidecar exits if the broker cannot be reached (D8).
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], this.#manifests);
    await this.rolledOut('rabbitmq');
    await kubectl(['patch', 'deployment', this.gateway, '-n', NAMESPACE, '--patch', JSON.stringify(patch)]);
    await this.rolledOut(this.gateway);
    await kubectl(['apply', '-f', '-'], stringify(byHandRoute));
    await until('the ScaledObjects are ready', () => this.#scaledObjectsReady(), { timeoutMs: 90_000, everyMs: 500 });
    for (const backend of ['consumer', 'foo', 'bar', 'worker']) await this.sleeps(backend);
  }

  /** A request to the gateway. */
  at(path: string): Call {
    const { hostname, port } = this.#url;
    return { host: hostname, port: Number(port || 80), path };
  }

  /** The gateway's listener with TLS and HTTP/2: beside the port of `at`, the Service's 443 or that port of the node. */
  async tls(): Promise<{ readonly host: string; readonly port: number }> {
    interface Service {
      readonly spec: { readonly ports: readonly { readonly port: number; readonly nodePort?: number }[] };
    }
    const { items } = await get<List<Service>>('services', '-n', NAMESPACE);
    const plain = Number(this.#url.port || 80);
    const nodePort = items
      .filter(({ spec }) => spec.ports.some((one) => one.nodePort === plain))
      .flatMap(({ spec }) => spec.ports.filter(({ port }) => port === 443))[0]?.nodePort;
    return { host: this.#url.hostname, port: nodePort ?? 443 };
  }

  /** The broker's account. An existing one is kept: the broker was started with it. */
  async #secret(): Promise<void> {
    const there = await kubectl(['get', 'secret', 'serverless-rabbitmq', '-n', NAMESPACE, '--ignore-not-found']);
    if (there !== '') return;
    const password = randomBytes(12).toString('hex');
    const host = `rabbitmq.${NAMESPACE}.svc.cluster.local`;
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'serverless-rabbitmq', namespace: NAMESPACE },
      stringData: {
        username: 'serverless',
        password,
        connectionString: `amqp://serverless:${password}@${host}:5672/`,
        managementUrl: `http://serverless:${password}@${host}:15672`,
      },
    };
    await kubectl(['apply', '-f', '-'], JSON.stringify(secret));
  }

  async rolledOut(deployment: string): Promise<void> {
    await kubectl(['rollout', 'status', `deployment/${deployment}`, '-n', NAMESPACE, '--timeout=180s']);
  }

  /** Waits for zero replicas and no pod. */
  async sleeps(deployment: string, timeoutMs = 240_000): Promise<void> {
    await until(
      `${deployment} sleeps`,
      async () => (await this.replicas(deployment)) === 0 && (await this.pods(`app=${deployment}`)).length === 0,
      { timeoutMs, everyMs: 250 },
    );
  }

  /** Waits until Kong has no target for a route without the plugin any more. It may take the controller a while to tell it. */
  async loses(path: string, timeoutMs = 60_000): Promise<void> {
    await until('Kong has lost it', async () => (await send(this.at(path))).status === 503, {
      everyMs: 100,
      timeoutMs,
    });
  }

  async replicas(deployment: string): Promise<number> {
    const { spec } = await get<{ spec: { replicas: number } }>('deployment', deployment, '-n', NAMESPACE);
    return spec.replicas;
  }

  async pods(selector: string): Promise<readonly Pod[]> {
    return (await get<List<Pod>>('pods', '-n', NAMESPACE, '-l', selector)).items;
  }

  /** The gateway's pods that are Ready. */
  async gatewayPods(): Promise<readonly string[]> {
    const { spec } = await get<{ spec: { selector: { matchLabels: Record<string, string> } } }>(
      ...['deployment', this.gateway, '-n', NAMESPACE],
    );
    const selector = Object.entries(spec.selector.matchLabels).map(([label, value]) => `${label}=${value}`);
    const pods = await this.pods(selector.join(','));
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(isReady)
      .map(({ metadata }) => metadata.name);
  }

  /** The plugin's `/status` in a gateway pod. */
  async status(pod: string): Promise<{
    backends: {
      target: string;
      held: number;
      addresses?: readonly string[];
      coldStarts: { readyMs: number; wakeMs?: number; addressMs?: number; lane?: string }[];
    }[];
  }> {
    return JSON.parse(
      await kubectl(['get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9542/proxy/status`]),
    ) as never;
  }

  /** The plugin's `/metrics` in a gateway pod. */
  metrics(pod: string): Promise<string> {
    return kubectl(['get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9542/proxy/metrics`]);
  }

  /** Requests held for a target, in all gateway pods. */
  async held(target: string): Promise<number> {
    const statuses = await Promise.all((await this.gatewayPods()).map((pod) => this.status(pod)));
    return statuses
      .flatMap(({ backends }) => backends)
      .reduce((sum, one) => sum + (one.target === target ? one.held : 0), 0);
  }

  /** The broker's management API, for as long as its pod runs. */
  async broker(): Promise<{ rabbit: RabbitMq; stop(): Promise<void> }> {
    const forward = await PortForward.start(NAMESPACE, 'service/rabbitmq', 15672, '/api/overview');
    const { data } = await get<{ data: { password: string } }>('secret', 'serverless-rabbitmq', '-n', NAMESPACE);
    const password = Buffer.from(data.password, 'base64').toString();
    const rabbit = RabbitMq.at('', new URL(`http://serverless:${password}@127.0.0.1:${forward.port}`));
    return { rabbit, stop: () => forward.stop() };
  }

  async stop(): Promise<void> {
    if (process.env.CLUSTER_KEEP === '1') return;
    await kubectl(['delete', '--ignore-not-found', '-f', '-'], stringify(byHandRoute));
    await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], this.#manifests);
    await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], await rendered(SCALER_MANIFESTS));
    await kubectl(['delete', 'secret', 'serverless-rabbitmq', '-n', NAMESPACE, '--ignore-not-found']);
    await kubectl([
      'rollout',
      'undo',
      `deployment/${this.gateway}`,
      '-n',
      NAMESPACE,
      `--to-revision=${this.#revision}`,
    ]);
    // Dapr's operator created it for the annotations, and does not remove it with them.
    await kubectl(['delete', 'service', 'serverless-dapr', '-n', NAMESPACE, '--ignore-not-found']);
    await kubectl(['annotate', 'deployment', this.gateway, '-n', NAMESPACE, `${REPLACED}-`]);
    await this.rolledOut(this.gateway);
  }

  async #scaledObjectsReady(): Promise<boolean> {
    const { items } = await get<List<WithConditions>>('scaledobjects', '-n', NAMESPACE);
    return items.every(isReady);
  }
}

/** Values for the installations beside a stock Kong. */
export type SidecarValues = 'values-plugin-image.yaml' | 'values-configmap.yaml';

interface HelmValues {
  readonly env: Readonly<Record<string, string>>;
  readonly customEnv: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly securityContext: object;
  readonly deployment: {
    readonly userDefinedVolumes: readonly object[];
    readonly userDefinedVolumeMounts: readonly object[];
  };
}
interface SidecarHelmValues {
  readonly image: { readonly repository: string; readonly tag: string };
  readonly env: Readonly<Record<string, string>>;
  readonly plugins?: { readonly configMaps: readonly { readonly pluginName: string; readonly name: string }[] };
  readonly deployment: {
    readonly userDefinedVolumes: readonly object[];
    readonly userDefinedVolumeMounts: readonly object[];
    readonly initContainers: readonly { readonly image: string }[];
  };
}

const valuesFile = (file: string): unknown => parse(readFileSync(join(projectRoot, 'kong', file), 'utf8'));

const gatewayPatch = (revision: string, annotations: object, podSpec: object): object => ({
  metadata: { annotations: { [REPLACED]: revision } },
  spec: { template: { metadata: { annotations }, spec: podSpec } },
});

const variables = (env: Readonly<Record<string, string>>, prefix = ''): object[] =>
  Object.entries(env).map(([name, value]) => ({ name: `${prefix}${name.toUpperCase()}`, value }));

/** What of our settings of Kong does not depend on the chart. */
const kongEnv = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        ['plugins', 'pluginserver_names', 'pluginserver_serverless_query_cmd'].includes(name) ||
        /^(nginx|upstream)_/.test(name),
    ),
  );

/** The same without a sidecar of Dapr. */
const directPatch = (revision: string): object => imagePatch(revision, {}, { dapr_http_endpoint: SCALER_URL });

/** Makes an existing Kong our gateway, by the values of kong/values.yaml that do not depend on the chart. */
const imagePatch = (revision: string, annotations?: object, settings: Record<string, string> = {}): object => {
  const values = valuesFile('values.yaml') as HelmValues;
  const env = [...variables(kongEnv(values.env), 'KONG_'), ...variables({ ...values.customEnv, ...settings })];
  const { userDefinedVolumes: volumes, userDefinedVolumeMounts: volumeMounts } = values.deployment;
  const proxy = { name: 'proxy', image: images.gateway, imagePullPolicy: 'IfNotPresent', env, volumeMounts };
  return gatewayPatch(revision, annotations ?? values.podAnnotations, { containers: [proxy], volumes });
};

/** Puts the plugin server beside an existing stock Kong, as the chart does with these values. */
const sidecarPatch = (revision: string, file: SidecarValues): object => {
  const base = valuesFile('values.yaml') as HelmValues;
  const { image, env, deployment, plugins } = valuesFile(file) as SidecarHelmValues;
  const configMaps = plugins?.configMaps ?? [];
  const proxy = {
    name: 'proxy',
    image: imageInCluster(`${image.repository}:${image.tag}`),
    imagePullPolicy: 'IfNotPresent',
    env: variables({ ...kongEnv(base.env), ...env, prefix: '/kong_prefix/' }, 'KONG_'),
    volumeMounts: [
      { name: 'kong-prefix', mountPath: '/kong_prefix' },
      ...deployment.userDefinedVolumeMounts,
      ...configMaps.map(({ pluginName, name }) => ({ name, mountPath: `/opt/kong/plugins/${pluginName}` })),
    ],
  };
  return gatewayPatch(revision, base.podAnnotations, {
    securityContext: base.securityContext,
    initContainers: deployment.initContainers.map((one) => ({ ...one, image: imageInCluster(one.image) })),
    containers: [proxy],
    volumes: [
      { name: 'kong-prefix', emptyDir: {} },
      ...deployment.userDefinedVolumes,
      ...configMaps.map(({ name }) => ({ name, configMap: { name } })),
    ],
  });
};

/** An Ingress with one path, without the plugin. */
export const ingress = (
  name: string,
  service: string,
  port: number,
  annotations: Readonly<Record<string, string>> = {},
): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: NAMESPACE, annotations },
  spec: {
    ingressClassName: 'kong',
    rules: [
      {
        http: {
          paths: [
            { path: `/${name}`, pathType: 'Prefix', backend: { service: { name: service, port: { number: port } } } },
          ],
        },
      },
    ],
  },
});

/** A route to the consumer without the plugin, to see when the gateway can reach it, and to wake it by hand. */
const byHandRoute = ingress('by-hand', 'consumer', 8080, { 'konghq.com/strip-path': 'true' });

/** KONG_URL, or the external address of a Service of the namespace that listens on port 80. */
const gatewayUrl = async (): Promise<URL> => {
  if (process.env.KONG_URL !== undefined) return new URL(process.env.KONG_URL);
  interface Service {
    readonly spec: { readonly ports: readonly { readonly port: number }[] };
    readonly status: {
      readonly loadBalancer: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
    };
  }
  const { items } = await get<List<Service>>('services', '-n', NAMESPACE);
  for (const { spec, status } of items.filter((service) => service.spec.ports.some(({ port }) => port === 80))) {
    const [address] = status.loadBalancer.ingress ?? [];
    const host = address?.ip ?? address?.hostname;
    if (host !== undefined) return new URL(`http://${host}:${spec.ports[0]?.port ?? 80}`);
  }
  throw new Error('the address of the gateway is unknown: set KONG_URL, or run `minikube tunnel`');
};
