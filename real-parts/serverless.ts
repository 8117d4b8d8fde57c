import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginServerOfKong } from './kong';
import { findPart } from './find';
import { makeFolder, projectRoot, removeFolder } from './guard';
import { send } from './http';
import { freePort } from './ports';
import { Process } from './processes';

/** The product, as built by `npm run build`. */
export const serverlessFile = join(projectRoot, 'dist/serverless');

/** One backend in `GET /status`. */
export interface BackendStatus {
  readonly target: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly state: string;
  readonly held: number;
  readonly lastProbe?: unknown;
  readonly lastPublish?: unknown;
  readonly coldStarts: readonly Record<string, unknown>[];
}

export interface Status {
  readonly server: {
    readonly role: 'starting' | 'active' | 'standby' | 'stopped';
    /** Phases in progress: those that Kong waits for, and those whose PDK call Kong runs (K3). */
    readonly events: number;
    readonly instances: number;
    readonly connections: number;
  };
  readonly backends: readonly BackendStatus[];
}

export interface ServerlessOptions {
  readonly gatewayPort: number;
  readonly daprPort: number;
  /** The socket of another server, to be its standby; default: its own. */
  readonly socket?: string;
  /** Further options of `serverless serve`. */
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Another build than `serverlessFile`. */
  readonly file?: string;
  /** Where its log goes, in place of a file of its own. */
  readonly logFile?: string;
  /** Added to our environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What `serverless -dump` prints for Kong. */
export const dump = (file = serverlessFile): string =>
  execFileSync(process.execPath, [file, '-dump'], { encoding: 'utf8' });

/** The plugin server, `dist/serverless serve`, started before Kong as the image does (K7). */
export class Serverless {
  readonly #process: Process;
  readonly #folder: string;
  readonly #file: string;

  private constructor(
    readonly socket: string,
    readonly statusPort: number,
    process: Process,
    folder: string,
    file: string,
    /** From exec until it accepts connections, ms. */
    readonly startMs: number,
  ) {
    this.#process = process;
    this.#folder = folder;
    this.#file = file;
  }

  static async start({
    gatewayPort,
    daprPort,
    socket,
    args = [],
    nodeArgs = [],
    file = serverlessFile,
    logFile,
    env = {},
  }: ServerlessOptions): Promise<Serverless> {
    if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\``);
    const folder = makeFolder('srv');
    const at = socket ?? join(folder, 'serverless.socket');
    const standsBy = socket !== undefined;
    const statusPort = await freePort();
    const from = performance.now();
    const process_ = await Process.start(
      process.execPath,
      [
        ...[...nodeArgs, file, 'serve', '--socket', at, '--gateway-url', `http://127.0.0.1:${gatewayPort}`],
        ...[
          '--dapr-http-port',
          String(daprPort),
          '--status-listen',
          `127.0.0.1:${statusPort}`,
          '--log-level',
          'info',
          ...args,
        ],
      ],
      { logFile: logFile ?? join(folder, 'serverless.log'), env },
    );
    try {
      await process_.becomes(`${at} is there`, () => Promise.resolve(standsBy || existsSync(at)), { everyMs: 1 });
      const startMs = performance.now() - from;
      const server = new Serverless(at, statusPort, process_, folder, file, startMs);
      if (!standsBy)
        await process_.becomes('its status is there', async () => (await server.status()) as Status | undefined);
      return server;
    } catch (error) {
      await process_.stop('SIGKILL');
      await removeFolder(folder);
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** For `Kong.start`: with the real query command unless Kong runs in a container and cannot execute it. */
  forKong(): PluginServerOfKong {
    return {
      name: 'serverless',
      socket: this.socket,
      dump: dump(this.#file),
      ...(findPart('kong').how === 'binary' ? { queryCommand: `'${process.execPath}' '${this.#file}' -dump` } : {}),
    };
  }

  async status(): Promise<Status> {
    return JSON.parse((await send({ port: this.statusPort, path: '/status' })).body) as Status;
  }

  async is(role: Status['server']['role']): Promise<boolean> {
    return (await this.status()).server.role === role;
  }

  async metrics(): Promise<string> {
    return (await send({ port: this.statusPort, path: '/metrics' })).body;
  }

  /** Requests held for one backend, or for all. */
  async held(target?: string): Promise<number> {
    const { backends } = await this.status();
    return backends.filter((one) => (target ?? one.target) === one.target).reduce((sum, one) => sum + one.held, 0);
  }

  /** Resident memory, kB. Linux only, as Kong 2.8 is in practice. */
  rssKb(): number {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(line?.[1]);
  }

  log(): string {
    return this.#process.log();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGTERM', 3000);
    await removeFolder(this.#folder);
  }
}
