import { FakeBackend, type BackendOptions } from './fake-backend';
import { FakeDapr } from './fake-dapr';
import { type Answer, send, sendMany } from '../../real-parts/http';
import { Kong } from '../../real-parts/kong';
import { declarativeConfig, type GatewayRoute } from '../../real-parts/kong-config';
import { freePort } from '../../real-parts/ports';
import { Serverless } from '../../real-parts/serverless';
import { each, until } from '../../real-parts/wait';

/** A backend on the route `/name`, woken by the topic `name`. */
export interface RigBackend extends BackendOptions {
  readonly name: string;
  /** Laid over `{count: 300, interval: 100, backend: [...]}`. */
  readonly plugin?: Readonly<Record<string, unknown>>;
}

export interface RigOptions {
  readonly backends: readonly RigBackend[];
  readonly workers?: number;
  readonly serverlessArgs?: readonly string[];
  readonly nodeArgs?: readonly string[];
  /** Where the plugin server's log goes, in place of a file of its own. */
  readonly logFile?: string;
  readonly kongEnv?: Readonly<Record<string, string>>;
  /** Routes beside those of the backends. */
  readonly routes?: (backends: Readonly<Record<string, FakeBackend>>) => readonly GatewayRoute[];
}

export const PUBSUB = 'kong-serverless-plugin';

/** The plugin's configuration for a backend on `/name`. */
export const pluginConfig = ({ name, health = '/healthz.html', plugin = {} }: RigBackend): object => ({
  count: 300,
  interval: 100,
  backend: [{ target: `/${name}`, health, pubsub: PUBSUB, topic: name }],
  ...plugin,
});

/** One gateway node on real Kong: the plugin server, Kong, a Dapr that writes down what it is told, and services that can sleep. */
export class Rig {
  private constructor(
    readonly options: RigOptions,
    readonly kong: Kong,
    readonly dapr: FakeDapr,
    readonly backends: Readonly<Record<string, FakeBackend>>,
    /** The live one; suites that replace it say so. */
    public serverless: Serverless,
  ) {}

  static async start(options: RigOptions): Promise<Rig> {
    const started: { stop(): Promise<void> }[] = [];
    const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
      started.push(part);
      return part;
    };
    try {
      const backends: Record<string, FakeBackend> = {};
      for (const one of options.backends) backends[one.name] = keep(await FakeBackend.start(one));
      const dapr = keep(await FakeDapr.start());
      const gatewayPort = await freePort();
      const serverless = keep(
        await Serverless.start({
          gatewayPort,
          daprPort: dapr.port,
          args: options.serverlessArgs ?? [],
          nodeArgs: options.nodeArgs ?? [],
          ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
        }),
      );
      const kong = await Kong.start({
        config: configOf(options, backends),
        pluginServers: [serverless.forKong()],
        proxyPort: gatewayPort,
        workers: options.workers ?? 1,
        env: options.kongEnv ?? {},
      });
      return new Rig(options, kong, dapr, backends, serverless);
    } catch (error) {
      await each(started.reverse().map((part) => () => part.stop())).catch(() => undefined);
      throw error;
    }
  }

  backend(name: string): FakeBackend {
    const backend = this.backends[name];
    if (backend === undefined) throw new Error(`the rig has no backend '${name}'`);
    return backend;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send({ port: this.kong.proxyPort, path, headers });
  }

  /** `count` requests at once, each on its own connection. */
  burst(count: number, path: string): Promise<Answer[]> {
    return sendMany(count, { port: this.kong.proxyPort, path });
  }

  /** Waits until exactly so many requests are held for `/name`. */
  async holds(count: number, name: string, timeoutMs = 30_000): Promise<void> {
    await until(
      `${count} requests are held for /${name}`,
      async () => (await this.serverless.held(`/${name}`)) === count,
      {
        timeoutMs,
      },
    );
  }

  /** Sends the backend to sleep and waits until the plugin no longer trusts its last probe. */
  async sleep(name: string): Promise<void> {
    await this.backend(name).become('asleep');
    await this.forgets(name);
  }

  /** Waits until the plugin knows nothing of the backend any more: its lease has run out. */
  async forgets(name: string): Promise<void> {
    await until(`/${name} is idle`, async () => {
      const { backends } = await this.serverless.status();
      return backends.every((one) => one.target !== `/${name}` || one.state === 'idle');
    });
  }

  async stop(): Promise<void> {
    const parts = [this.kong, this.serverless, this.dapr, ...Object.values(this.backends)];
    await each(parts.map((part) => () => part.stop()));
  }
}

const configOf = (options: RigOptions, backends: Readonly<Record<string, FakeBackend>>): object =>
  declarativeConfig([
    ...options.backends.map((one): GatewayRoute => ({
      name: one.name,
      path: `/${one.name}`,
      to: backends[one.name]?.target ?? [],
      plugins: { serverless: pluginConfig(one) },
    })),
    ...(options.routes?.(backends) ?? []),
  ]);
