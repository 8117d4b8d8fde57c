import { type Answer, send } from '../../real-parts/http';
import { kubectl, Watch } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { type ClusterRig, ingress, NAMESPACE } from './cluster-rig';

/** How often the pod's address and the route without the plugin are asked, ms. */
const POLL_MS = 5;

/** A kind of backend: how fast it is, and how often Kubernetes looks whether it is Ready. */
export interface Column {
  readonly name: string;
  readonly title: string;
  readonly image: string;
  readonly port: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Below the route's prefix, which is stripped. */
  readonly health: string;
  readonly readinessSeconds: number;
  /** Scaled by KEDA, which is told by a push; else by hand. */
  readonly push?: Push;
  /** The plugin's hold_timeout, in place of two minutes. */
  readonly holdMs?: number;
}

export interface Push {
  readonly targetRequests: number;
  readonly maxReplicas: number;
  /** The plugin's message_ttl, seconds. */
  readonly ttlS: number;
  readonly cooldownS: number;
}

/** A ScaledObject as keda/push has it, but for its times. */
export const pushed = (name: string, { targetRequests, maxReplicas, cooldownS }: Push): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    scaleTargetRef: { name },
    ...{ pollingInterval: 1, cooldownPeriod: cooldownS, minReplicaCount: 0, maxReplicaCount: maxReplicas },
    advanced: {
      horizontalPodAutoscalerConfig: {
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 0,
            policies: [{ type: 'Pods', value: maxReplicas, periodSeconds: 1 }],
          },
        },
      },
    },
    triggers: [
      {
        type: 'external-push',
        metadata: {
          scalerAddress: `serverless-scaler.${NAMESPACE}.svc:9090`,
          ...{ pubsub: 'kong-serverless-plugin', topic: name, targetRequests: String(targetRequests) },
        },
      },
    ],
  },
});

/** When each moment of one start came, ms after it was triggered. */
export interface Moments {
  /** An EndpointSlice had the pod's address. */
  readonly address: number;
  /** The pod answered at its own address. */
  readonly podAnswers: number;
  readonly ready: number;
  /** The gateway answered: on the held request, or on the route without the plugin. */
  readonly answered: number;
}

const parts = ({
  name,
  image,
  port,
  args = [],
  env = {},
  health,
  readinessSeconds,
  push,
  holdMs,
}: Column): object[] => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              ...{ name, image, imagePullPolicy: 'IfNotPresent' },
              ...(args.length === 0 ? {} : { args }),
              env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
              ports: [{ containerPort: port }],
              readinessProbe: { httpGet: { path: health, port }, periodSeconds: readinessSeconds },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: port }] },
  },
  {
    apiVersion: 'configuration.konghq.com/v1',
    kind: 'KongPlugin',
    metadata: { name, namespace: NAMESPACE },
    plugin: 'serverless',
    config: {
      ...{ hold_timeout: holdMs ?? 120_000, interval: 100, max_held: 1000 },
      ...(push === undefined ? {} : { message_ttl: push.ttlS, lease: 2000 }),
      // Nothing is bound to the topic by-hand: the test scales, so that each start begins alike.
      backend: [
        {
          ...{ target: `/${name}`, health, pubsub: 'kong-serverless-plugin' },
          topic: push === undefined ? 'by-hand' : name,
        },
      ],
    },
  },
  ingress(name, name, 80, { 'konghq.com/plugins': name, 'konghq.com/strip-path': 'true' }),
  ingress(`${name}-by-hand`, name, 80, { 'konghq.com/strip-path': 'true' }),
  ...(push === undefined ? [] : [pushed(name, push)]),
];

/** Backends of these kinds, at zero replicas, each with a route with the plugin and one without. */
export class Columns {
  readonly #watches = new Map<string, Watch>();
  readonly #rig: ClusterRig;
  readonly #columns: readonly Column[];

  private constructor(rig: ClusterRig, columns: readonly Column[]) {
    this.#rig = rig;
    this.#columns = columns;
    for (const { name } of columns) {
      const slices = ['endpointslices', '-n', NAMESPACE, '-l', `kubernetes.io/service-name=${name}`];
      const fields = ['addresses[0]', 'conditions.ready', 'conditions.terminating'];
      this.#watches.set(
        name,
        Watch.start(
          slices,
          fields.map((field) => `.endpoints[0].${field}`),
        ),
      );
    }
  }

  static async start(rig: ClusterRig, columns: readonly Column[]): Promise<Columns> {
    await kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: columns.flatMap(parts) }),
    );
    const made = new Columns(rig, columns);
    for (const { name } of columns) {
      await until(
        `the gateway has the route /${name}`,
        async () => (await send(rig.at(`/${name}-by-hand/`))).status !== 404,
      );
    }
    return made;
  }

  async stop(): Promise<void> {
    for (const watch of this.#watches.values()) watch.stop();
    const items = this.#columns.flatMap(parts);
    await kubectl(
      ['delete', '--ignore-not-found', '--wait=false', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
  }

  scale(name: string, replicas: number): Promise<string> {
    return kubectl(['scale', `deployment/${name}`, '-n', NAMESPACE, `--replicas=${replicas}`]);
  }

  /** At zero, and forgotten by the gateway. */
  async sleeps({ name }: Column): Promise<void> {
    await this.scale(name, 0);
    await this.#rig.sleeps(name);
    await this.#rig.loses(`/${name}-by-hand/`);
  }

  /** One start by a request: `wake` sends what is held, and resolves when all of it is answered. */
  async byRequest<T>(column: Column, wake: () => Promise<T>, held: number): Promise<{ answer: T; moments: Moments }> {
    const from = performance.now();
    const answered = wake().then((answer) => ({ answer, at: performance.now() }));
    await until(`${held} are held`, async () => (await this.#rig.held(`/${column.name}`)) === held);
    await this.scale(column.name, 1);
    const pod = await this.#pod(column, from);
    const { answer, at } = await answered;
    const ready = await this.#ready(column, from);
    return { answer, moments: { ...pod, ready, answered: at - from } };
  }

  /** The same start without a request: the route without the plugin is polled. */
  async byHand(column: Column): Promise<Moments> {
    const { name, health } = column;
    const from = performance.now();
    const routed = this.#polled(() => send(this.#rig.at(`/${name}-by-hand${health}`)));
    await this.scale(name, 1);
    const pod = await this.#pod(column, from);
    const answered = (await routed) - from;
    return { ...pod, ready: await this.#ready(column, from), answered };
  }

  async #pod({ name, port, health }: Column, from: number): Promise<Pick<Moments, 'address' | 'podAnswers'>> {
    const seen = await until('a slice has its address', () =>
      this.#watches.get(name)?.first(from, ([address, , leaving]) => address !== '' && leaving !== 'true'),
    );
    const host = seen.fields[0] ?? '';
    const podAnswers = await this.#polled(() => send({ host, port, path: health, timeoutMs: 2000 }));
    return { address: seen.at - from, podAnswers: podAnswers - from };
  }

  async #ready({ name }: Column, from: number): Promise<number> {
    const ready = await until('it is Ready', () => this.#watches.get(name)?.first(from, ([, is]) => is === 'true'), {
      timeoutMs: 60_000,
    });
    return ready.at - from;
  }

  /** When it first answered 200. */
  async #polled(ask: () => Promise<Answer>): Promise<number> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer?.status === 200) return answer.at;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
