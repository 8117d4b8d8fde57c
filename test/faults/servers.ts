import { execFile, execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { Serverless } from '../../real-parts/serverless';
import { each, sleep, until } from '../../real-parts/wait';
import type { Incident } from './judge';
import type { LogTo } from './schedule';

const run = promisify(execFile);

/** How long after its end Kong starts a plugin server again, milliseconds (K6). */
const RESTART_MS = 300;
/** A worker notices that its server is gone with its next call. */
const GAP_SHOWS_MS = 500;

export interface ServersOptions {
  readonly gatewayPort: number;
  readonly daprPort: number;
  readonly env: Readonly<Record<string, string>>;
  /** Another build than `dist/serverless`. */
  readonly file: string | undefined;
  readonly onIncident: (incident: Incident) => void;
}

/** The plugin servers of a gateway node: one that is active, and one that stands by, as the image has them. */
export class Servers {
  readonly #options: ServersOptions;
  readonly #folder = makeFolder('faults');
  readonly #started: Serverless[] = [];
  readonly #descriptors: number[] = [];
  #active: Serverless | undefined;
  #standby: Serverless | undefined;
  /** One replacement at a time: with nobody to take over, an nginx worker may spin for ever (K7). */
  #busy: Promise<void> = Promise.resolve();

  private constructor(options: ServersOptions) {
    this.#options = options;
  }

  static async start(options: ServersOptions): Promise<Servers> {
    const servers = new Servers(options);
    servers.#active = await servers.#launch('file');
    servers.#standby = await servers.#launch('file');
    return servers;
  }

  get active(): Serverless {
    if (this.#active === undefined) throw new Error('no plugin server has started');
    return this.#active;
  }

  /** Ends the active one. The other takes over, and a new one stands by. */
  end(how: 'SIGKILL' | 'SIGTERM' | 'SIGABRT', log: LogTo): Promise<void> {
    return this.#next(async () => {
      const [old, next] = [this.active, await this.#standbyIsReady()];
      const from = performance.now();
      old.signal(how);
      await until('the standby has taken over', () => next.is('active'), { timeoutMs: 40_000 });
      // One that was told to end hands over what it holds: nothing of it may be lost.
      const kind = how === 'SIGTERM' ? 'server-ended' : 'server-killed';
      this.#options.onIncident({ kind, from, to: performance.now() + GAP_SHOWS_MS });
      this.#active = next;
      this.#standby = undefined;
      await sleep(RESTART_MS);
      this.#standby = await this.#launch(log);
    });
  }

  endStandby(): Promise<void> {
    return this.#next(async () => {
      const standby = await this.#standbyIsReady();
      await standby.kill();
      this.#standby = undefined;
      await sleep(RESTART_MS);
      this.#standby = await this.#launch('file');
    });
  }

  /** Stops the process for a while, as a node does that swaps. */
  async freeze(forMs: number): Promise<void> {
    const { active } = this;
    const from = performance.now();
    active.signal('SIGSTOP');
    await sleep(forMs);
    active.signal('SIGCONT');
    this.#options.onIncident({ kind: 'server-stalled', from, to: performance.now() });
  }

  /** Blocks the event loop. */
  async block(forMs: number): Promise<void> {
    const from = performance.now();
    this.#tell({ blockMs: forMs });
    await sleep(forMs);
    this.#options.onIncident({ kind: 'server-stalled', from, to: performance.now() });
  }

  /** The clock of day jumps. */
  jump(byMs: number): void {
    this.#tell({ clockByMs: byMs });
  }

  /** Leaves it no descriptors but those that it has, and a few. */
  async withoutDescriptors(forMs: number): Promise<void> {
    const { pid } = this.active;
    const has = readdirSync(`/proc/${pid}/fd`).length;
    const limit = async (soft: number): Promise<void> => {
      // It may have ended meanwhile.
      await run('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]).catch(() => undefined);
    };
    const { stdout } = await run('prlimit', ['--pid', String(pid), '--nofile', '--output', 'SOFT', '--noheadings']);
    const from = performance.now();
    await limit(has + 3);
    await sleep(forMs);
    await limit(Number(stdout));
    this.#options.onIncident({ kind: 'descriptors', from, to: performance.now() });
  }

  async stop(): Promise<void> {
    await this.#busy.catch(() => undefined);
    await each([
      ...this.#started.toReversed().map((one) => () => one.stop()),
      ...this.#descriptors.map((one) => () => {
        closeSync(one);
      }),
      () => removeFolder(this.#folder),
    ]);
  }

  #next(task: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.catch(() => undefined).then(task);
    return this.#busy;
  }

  async #standbyIsReady(): Promise<Serverless> {
    return until('a plugin server stands by', async () => {
      const standby = this.#standby;
      return standby !== undefined && (await standby.is('standby')) && standby;
    });
  }

  async #launch(log: LogTo): Promise<Serverless> {
    const { gatewayPort, daprPort, env, file } = this.#options;
    const logFile = this.#logFile(log);
    const server = await Serverless.start({
      ...{ gatewayPort, daprPort },
      ...(this.#started[0] === undefined ? {} : { socket: this.#started[0].socket }),
      nodeArgs: ['--require', join(projectRoot, 'test/faults/shim.cjs')],
      env: { ...env, FAULTS_FILE: this.#faultsFile },
      ...(logFile === undefined ? {} : { logFile }),
      ...(file === undefined ? {} : { file }),
    });
    this.#started.push(server);
    return server;
  }

  #logFile(log: LogTo): string | undefined {
    switch (log) {
      case 'file':
        return undefined;
      case 'full-disk':
        return '/dev/full';
      case 'stalled-reader': {
        const fifo = join(this.#folder, `log-${this.#started.length}`);
        execFileSync('mkfifo', [fifo]);
        const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
        this.#descriptors.push(descriptor);
        fill(descriptor);
        return fifo;
      }
    }
  }

  get #faultsFile(): string {
    return join(this.#folder, 'fault.json');
  }

  #tell(fault: object): void {
    writeFileSync(this.#faultsFile, JSON.stringify(fault));
    this.active.signal('SIGUSR2');
  }
}

/** Writes until nothing more goes in: nobody reads it. */
const fill = (descriptor: number): void => {
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4096));
  } catch {
    // It is full.
  }
};
