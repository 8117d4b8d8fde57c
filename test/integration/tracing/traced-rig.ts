import { systemClock } from '../../../src/adapters/clock';
import { Serverless } from '../../../real-parts/serverless';
import { until } from '../../../real-parts/wait';
import { FakeBackend } from '../../support/fake-backend';
import { type PhaseResult, RpcClient } from '../../support/rpc-client';
import { PUBSUB } from '../../support/kong-rig';
import { ScalerRig } from '../../support/scaler-rig';

export const TRACE = '0af7651916cd43dd8448eb211c80319c';
export const PARENT = 'b7ad6b7169203331';

const CONFIG = {
  ...{ interval: 20, hold_timeout: 20_000, probe: { settle: 10 } },
  backend: [{ target: '/kong', health: '/healthz.html', pubsub: PUBSUB, topic: 'shop' }],
};

/** `dist/serverless serve`, which publishes to a `serverless scaler`, between an nginx worker and a backend that both are played here. */
export class TracedRig {
  readonly #client: RpcClient;

  private constructor(
    readonly server: Serverless,
    readonly scaler: ScalerRig,
    readonly gateway: FakeBackend,
  ) {
    this.#client = new RpcClient(server.socket);
  }

  /** @param file the executable */
  static async start(env: Record<string, string>, file?: string): Promise<TracedRig> {
    // Probes meet no plugin here: so the gateway may as well be the backend itself.
    const gateway = await FakeBackend.start({ state: 'unready' });
    const scaler = await ScalerRig.start([], env);
    const server = await Serverless.start({
      ...{ gatewayPort: gateway.port, daprPort: 1, env, args: ['--dapr-http-endpoint', scaler.url] },
      ...(file === undefined ? {} : { file }),
    });
    return new TracedRig(server, scaler, gateway);
  }

  /** A request for the backend, which wakes when KEDA is told so. Returns what became of it, with the headers that the backend gets. */
  async coldStart(): Promise<{ result: PhaseResult; upstream: Record<string, unknown> }> {
    const stream = this.scaler.stream(this.scaler.keda(), 'shop', PUBSUB);
    const instance = await this.#client.startInstance('serverless', CONFIG);
    const headers: Record<string, string> = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };
    const upstream: Record<string, unknown> = {};
    const held = this.#client.handleEvent(instance, {
      'nginx.get_var': () => String(process.pid),
      'request.get_path': () => '/kong/',
      'request.get_header': (name) => headers[name as string],
      'router.get_route': () => ({ paths: ['/kong'] }),
      'router.get_service': () => ({ host: 'consumer.kong.8080.svc' }),
      'response.set_header': () => undefined,
      'service.request.set_header': (name, value) => (upstream[name as string] = value),
    });
    await until('KEDA is told', () => stream.pushed.length > 0);
    await this.gateway.become('ready');
    return { result: await held, upstream };
  }

  /** Ends both with SIGTERM, in this order, so that all is sent. Returns how long it took, milliseconds. */
  async end(): Promise<number> {
    const since = systemClock.now();
    await this.scaler.stop();
    await this.#client.close();
    this.server.signal('SIGTERM');
    await until('the plugin server has shut down', () => this.server.log().includes('"shut down"'));
    return systemClock.now() - since;
  }

  async stop(): Promise<void> {
    await this.#client.close();
    await this.scaler.stop();
    await this.server.stop();
    await this.gateway.stop();
  }
}
