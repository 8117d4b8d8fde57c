import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../real-parts/guard';
import { send } from '../../real-parts/http';
import { kubectl, Watch } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { type ClusterRig, imageOf, ingress, NAMESPACE } from './cluster-rig';

/** As sample/foo and manifests/rabbitmq have them. */
export const MESSAGE_TTL_MS = 30_000;
export const COOLDOWN_MS = 10_000;

/** A backend of its own, as a folder of sample/ has it but for its name. */
export interface LongBackend {
  readonly name: string;
  /** Folder of sample/, the name there that is replaced, and the Service's port. */
  readonly sample: { readonly folder: string; readonly name: string; readonly port: number };
  /** Its route takes gRPC only. */
  readonly grpc?: boolean;
  /** Where the backend is silent for longer than Kong waits by default. */
  readonly readTimeoutMs?: number;
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { annotations?: Record<string, string> };
}

const FILES = ['backend.yaml', 'gateway.yaml', 'scaled-object.yaml'];

const objectsOf = ({ name, sample, readTimeoutMs, grpc }: LongBackend): object[] => {
  const objects = FILES.flatMap((file) => {
    const text = readFileSync(join(projectRoot, 'sample', sample.folder, file), 'utf8')
      .replaceAll(new RegExp(`\\b${sample.name}\\b`, 'g'), name)
      .replace(/image: kong-serverless-sample:.*/, `image: ${imageOf('kong-serverless-sample')}`);
    return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
  });
  for (const { kind, metadata } of objects)
    if (kind === 'Service' && readTimeoutMs !== undefined)
      metadata.annotations = { ...metadata.annotations, 'konghq.com/read-timeout': String(readTimeoutMs) };
  // Without the plugin, to see when the gateway has the routes without waking anybody.
  return grpc === true ? objects : [...objects, ingress(`${name}-by-hand`, name, sample.port)];
};

/** Backends that sleep at zero replicas, with all that has happened to them since. */
export class LongBackends {
  readonly #rig: ClusterRig;
  readonly #backends: readonly LongBackend[];
  readonly #replicas = new Map<string, Watch>();
  readonly #pods = new Map<string, Watch>();

  private constructor(rig: ClusterRig, backends: readonly LongBackend[]) {
    this.#rig = rig;
    this.#backends = backends;
    for (const { name } of backends) {
      this.#replicas.set(name, Watch.start(['deployment', name, '-n', NAMESPACE], ['.spec.replicas']));
      const fields = ['.metadata.name', '.status.containerStatuses[0].restartCount'];
      this.#pods.set(name, Watch.start(['pods', '-n', NAMESPACE, '-l', `app=${name}`], fields));
    }
  }

  static async start(rig: ClusterRig, backends: readonly LongBackend[]): Promise<LongBackends> {
    const broker = await rig.broker();
    for (const { name } of backends) await broker.rabbit.declare({ name, messageTtlMs: MESSAGE_TTL_MS });
    await broker.stop();
    await kubectl(['apply', '-f', '-'], list(backends));
    const made = new LongBackends(rig, backends);
    try {
      await Promise.all(backends.map((backend) => made.#sleepsFirst(backend)));
      return made;
    } catch (error) {
      await made.stop();
      throw error;
    }
  }

  async #sleepsFirst({ name, grpc }: LongBackend): Promise<void> {
    // That of gRPC comes with the others.
    if (grpc !== true)
      await until(
        `the gateway has the route /${name}`,
        async () => (await send(this.#rig.at(`/${name}-by-hand`))).status !== 404,
        { timeoutMs: 60_000, everyMs: 500 },
      );
    await kubectl([
      'wait',
      '--for=condition=Ready',
      `scaledobject/${name}-scaledobject`,
      '-n',
      NAMESPACE,
      '--timeout=90s',
    ]);
    // A Deployment without a number has one replica until KEDA takes it.
    await this.#rig.sleeps(name);
  }

  /** When its Deployment was first at this number after `from`; undefined: not yet. */
  replicasAt(name: string, from: number, replicas: number): number | undefined {
    return this.#replicas.get(name)?.first(from, ([number]) => number === String(replicas))?.at;
  }

  /** The pods that were there after `from`. */
  podsSince(name: string, from: number): string[] {
    return [...new Set(this.#changes(name, from).map(([pod]) => pod ?? ''))];
  }

  /** How often a container was started again after `from`. */
  restartsSince(name: string, from: number): number {
    return Math.max(0, ...this.#changes(name, from).map(([, restarts]) => Number(restarts)));
  }

  #changes(name: string, from: number): (readonly string[])[] {
    const changes = this.#pods.get(name)?.changes ?? [];
    return changes.filter(({ at }) => at >= from).map(({ fields }) => fields);
  }

  /** By hand from now on: KEDA leaves the Deployment alone. */
  async pause(name: string): Promise<void> {
    const annotation = 'autoscaling.keda.sh/paused=true';
    await kubectl(['annotate', `scaledobject/${name}-scaledobject`, '-n', NAMESPACE, '--overwrite', annotation]);
    await kubectl([
      'wait',
      '--for=condition=Paused',
      `scaledobject/${name}-scaledobject`,
      '-n',
      NAMESPACE,
      '--timeout=60s',
    ]);
  }

  scale(name: string, replicas: number): Promise<string> {
    return kubectl(['scale', `deployment/${name}`, '-n', NAMESPACE, `--replicas=${replicas}`]);
  }

  async stop(): Promise<void> {
    for (const watch of [...this.#replicas.values(), ...this.#pods.values()]) watch.stop();
    await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], list(this.#backends));
    const broker = await this.#rig.broker();
    for (const { name } of this.#backends) await broker.rabbit.remove(name);
    await broker.stop();
  }
}

const list = (backends: readonly LongBackend[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: backends.flatMap(objectsOf) });
