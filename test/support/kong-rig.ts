import { FakeBackend, type BackendOptions } from './fake-backend';
import { FakeDapr } from './fake-dapr';
import { type Answer, send, sendMany } from '../../real-parts/http';
import { type Http2Ports, Kong } from '../../real-parts/kong';
import { declarativeConfig, type GatewayRoute } from '../../real-parts/kong-config';
import { freePort } from '../../real-parts/ports';
import { Serverless } from '../../real-parts/serverless';
import { each, until } from '../../real-parts/wait';

/** A backend on the route `/name`, woken by the topic `name`. */
export interface KongRigBackend extends BackendOptions {
  readonly name: string;
  /** Overrides fields of `{count: 300, interval: 100, backend: [...]}`. */
  readonly plugin?: Readonly<Record<string, unknown>>;
  /** Kong has no target for it: the ingress controller has not told it. */
  readonly unrouted?: boolean;
  /** What its route takes, in place of http. */
  readonly protocols?: readonly string[];
}

export interface KongRigOptions {
  readonly backends: readonly KongRigBackend[];
  readonly workers?: number;
  readonly serverlessArgs?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly serverlessEnv?: Readonly<Record<string, string>>;
  /** Where the plugin server's log goes, in place of a file of its own. */
  readonly logFile?: string;
  readonly kongEnv?: Readonly<Record<string, string>>;
  /** Kong takes HTTP/2, too, and the plugin server's probes of gRPC go through its listener with TLS. */
  readonly http2?: boolean;
  /** Further routes. */
  readonly routes?: (backends: Readonly<Record<string, FakeBackend>>) => readonly GatewayRoute[];
}

export const PUBSUB = 'kong-serverless-plugin';

/** The plugin's configuration for a backend on `/name`. */
export const pluginConfig = ({ name, health = '/healthz.html', plugin = {} }: KongRigBackend): object => ({
  count: 300,
  interval: 100,
  backend: [{ target: `/${name}`, health, pubsub: PUBSUB, topic: name }],
  ...plugin,
});

/** One gateway node: a real Kong and the plugin server, between a Dapr that records publishes and backends that can be asleep. */
export class KongRig {
  private constructor(
    readonly options: KongRigOptions,
    readonly kong: Kong,
    readonly dapr: FakeDapr,
    readonly backends: Readonly<Record<string, FakeBackend>>,
    /** The active one; a test that replaces it assigns its successor. */
    public serverless: Serverless,
    /** Without the option `http2`, zeros. */
    readonly http2: Http2Ports,
  ) {}

  static async start(options: KongRigOptions): Promise<KongRig> {
    const running: { stop(): Promise<void> }[] = [];
    const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
      running.push(started);
      return started;
    };
    try {
      const backends: Record<string, FakeBackend> = {};
      for (const one of options.backends) backends[one.name] = keep(await FakeBackend.start(one));
      const dapr = keep(await FakeDapr.start());
      const gatewayPort = await freePort();
      const http2 = options.http2 === true && { tls: await freePort(), h2c: await freePort() };
      const serverless = keep(
        await Serverless.start({
          gatewayPort,
          daprPort: dapr.port,
          args: [
            ...(http2 === false ? [] : ['--gateway-grpc-url', `https://127.0.0.1:${http2.tls}`]),
            ...(options.serverlessArgs ?? []),
          ],
          nodeArgs: options.nodeArgs ?? [],
          env: options.serverlessEnv ?? {},
          ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
        }),
      );
      const kong = await Kong.start({
        config: configOf(options, backends),
        pluginServers: [serverless.forKong()],
        proxyPort: gatewayPort,
        workers: options.workers ?? 1,
        env: options.kongEnv ?? {},
        ...(http2 === false ? {} : { http2 }),
      });
      return new KongRig(options, kong, dapr, backends, serverless, http2 || { tls: 0, h2c: 0 });
    } catch (error) {
      await each(running.reverse().map((one) => () => one.stop())).catch(() => undefined);
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

  /** Waits until exactly this many requests are held for `/name`. */
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

  /** Waits until the lease is over and the plugin knows nothing of the backend. */
  async forgets(name: string): Promise<void> {
    await until(`/${name} is idle`, async () => {
      const { backends } = await this.serverless.status();
      return backends.every((one) => one.target !== `/${name}` || ['idle', 'asleep'].includes(one.state));
    });
  }

  async stop(): Promise<void> {
    const running = [this.kong, this.serverless, this.dapr, ...Object.values(this.backends)];
    await each(running.map((one) => () => one.stop()));
  }
}

const configOf = (options: KongRigOptions, backends: Readonly<Record<string, FakeBackend>>): object =>
  declarativeConfig([
    ...options.backends.map((one): GatewayRoute => ({
      name: one.name,
      path: `/${one.name}`,
      to: one.unrouted === true ? [] : (backends[one.name]?.target ?? []),
      plugins: { serverless: pluginConfig(one) },
      preserveHost: one.hosts !== undefined,
      ...(one.protocols === undefined ? {} : { protocols: one.protocols }),
    })),
    ...(options.routes?.(backends) ?? []),
  ]);
