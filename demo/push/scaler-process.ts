import { Child, untilReady } from '../child';
import type { Journal } from '../journal';
import { freePorts } from '../ports';

/** `serverless scaler`, the real one, which gateways publish to in place of a sidecar. A restart keeps its ports. */
export class ScalerProcess {
  readonly description: string;
  #child: Child | undefined;

  private constructor(
    readonly program: string,
    /** Where gateways publish. */
    readonly port: number,
    /** Where KEDA asks. */
    readonly grpcPort: number,
    readonly journal: Journal,
  ) {
    this.description = `serverless scaler, gRPC on ${grpcPort}`;
  }

  /** @param program `dist/serverless` */
  static async open(program: string, journal: Journal): Promise<ScalerProcess> {
    const [http = 0, grpc = 0] = await freePorts(2);
    const scaler = new ScalerProcess(program, http, grpc, journal);
    await scaler.start();
    return scaler;
  }

  get running(): boolean {
    return this.#child?.running === true;
  }

  /** Resolves when it takes messages. */
  async start(): Promise<void> {
    const listen = ['--grpc-listen', `127.0.0.1:${this.grpcPort}`, '--http-listen', `127.0.0.1:${this.port}`];
    const child = new Child(process.execPath, [this.program, 'scaler', ...listen, '--log-level', 'warn'], {
      onLine: (line) => {
        this.journal.warn('scaler', line);
      },
      onExit: (how) => {
        this.journal.error('scaler', `it has ended (${how})`);
      },
    });
    this.#child = child;
    await untilReady('the scaler', child, async () => (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok);
  }

  /** As a crash ends it. */
  async stop(): Promise<void> {
    await this.#child?.stop('SIGKILL');
  }

  /** Shuts it down for good. */
  async close(): Promise<void> {
    await this.#child?.stop();
  }
}
