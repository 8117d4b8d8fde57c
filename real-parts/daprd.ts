import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Container, startContainer } from './container';
import { findPart } from './find';
import { makeFolder, removeFolder } from './guard';
import { send } from './http';
import { freePort } from './ports';
import { Process } from './processes';
import { until } from './wait';

/** The metadata of a Component `pubsub.rabbitmq`. */
export const rabbitComponent = (name: string, metadata: Readonly<Record<string, string>>): object => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name },
  spec: {
    type: 'pubsub.rabbitmq',
    version: 'v1',
    metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value })),
  },
});

/** The application of the sidecar. */
export interface DaprApp {
  readonly id: string;
  /** Where it receives messages; without it, the application only publishes. */
  readonly port?: number;
  /** Name of the pod that it is as if it were in: `{podName}` in a Component. */
  readonly podName?: string;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Dapr's sidecar, from `DAPRD_BIN`, PATH or Docker, with only these Components. */
export class Daprd {
  #process: Process | undefined;
  #container: Container | undefined;
  readonly #folder: string;
  readonly #args: string[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    readonly port: number,
    folder: string,
    args: string[],
    { podName, env }: DaprApp,
  ) {
    this.#folder = folder;
    this.#args = args;
    this.#env = { DAPR_HOST_IP: '127.0.0.1', ...(podName === undefined ? {} : { POD_NAME: podName }), ...env };
  }

  static async start(components: readonly object[], app: DaprApp = { id: 'serverless' }): Promise<Daprd> {
    const folder = makeFolder('daprd');
    // daprd reloads whenever anything in this folder changes: only manifests may be here, no log.
    const resources = join(folder, 'resources');
    mkdirSync(resources);
    components.forEach((component, n) => {
      writeFileSync(join(resources, `component-${n}.yaml`), stringify(component));
    });
    const [port, grpc, internal] = [await freePort(), await freePort(), await freePort()];
    const args = [
      ...['--app-id', app.id, '--resources-path', resources],
      ...(app.port === undefined ? [] : ['--app-port', String(app.port)]),
      ...['--dapr-http-port', String(port), '--dapr-grpc-port', String(grpc)],
      ...['--dapr-internal-grpc-port', String(internal), '--dapr-internal-grpc-listen-address', '127.0.0.1'],
      ...['--dapr-listen-addresses', '127.0.0.1', '--enable-metrics=false', '--dapr-graceful-shutdown-seconds', '1'],
    ];
    const daprd = new Daprd(port, folder, args, app);
    await daprd.resume().catch(async (error: unknown) => {
      await daprd.stop();
      throw error;
    });
    return daprd;
  }

  /** Starts it, and restarts it on the same ports after `kill`. Resolves when it can publish. */
  async resume(): Promise<void> {
    const env = this.#env;
    const found = findPart('daprd');
    const healthy = async () =>
      (await send({ port: this.port, path: '/v1.0/healthz/outbound', timeoutMs: 2000 })).status === 204;
    if (found.how === 'binary') {
      this.#process = await Process.start(found.path, this.#args, { env, logFile: join(this.#folder, 'daprd.log') });
      await this.#process.becomes('daprd is healthy', healthy);
    } else if (found.how === 'docker') {
      const command = ['./daprd', ...this.#args];
      this.#container = await startContainer({ image: found.image, env, command, folders: [this.#folder] });
      await until('daprd is healthy', healthy, { timeoutMs: 60_000 });
    } else {
      throw new Error(found.how === 'missing' ? found.why : 'a daprd that runs already cannot be used');
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL');
    await this.#container?.stop(0);
    this.#process = undefined;
    this.#container = undefined;
  }

  async log(): Promise<string> {
    return this.#process?.log() ?? (await this.#container?.log()) ?? '';
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM', 3000);
    await this.#container?.stop();
    await removeFolder(this.#folder);
  }
}
