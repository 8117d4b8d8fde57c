import type { Socket } from 'node:net';
import type { Clock, Logger } from '../core/ports';
import type { Product } from '../kong/contract';
import type { ServerStatus } from '../core/status';
import { drain } from './drain';
import { HandOver } from './hand-over';
import { RpcServer } from './rpc-server';
import { StatusServer, type StatusListen } from '../status/status-server';

/** The parts that take time to load. */
export interface Loaded {
  readonly product: Product;
  readonly log: Logger;
}

/** What the server needs of the process it is. */
export interface ProcessHost {
  on(event: 'SIGTERM' | 'SIGINT' | 'exit', listener: () => void): unknown;
  on(event: 'uncaughtException', listener: (error: unknown, origin: string) => void): unknown;
  exit(code: number): void;
  readonly stderr: { write(text: string): unknown };
}

export interface ServeOptions {
  readonly socketPath: string;
  /** Permissions of the socket. */
  readonly socketMode: number;
  readonly statusListen: StatusListen | 'off';
  readonly clock: Clock;
  /** The longest drain. Default 25 s. */
  readonly drainMs?: number;
  /** The latest exit after a signal. Default 28 s. */
  readonly exitMs?: number;
  /** Default: this process. */
  readonly host?: ProcessHost;
  /** Called once the socket listens: every moment without it is one in which Kong 2.8 can begin to spin (K7). */
  load(): Promise<Loaded>;
}

/** The latest exit after the signal: below Kubernetes' default grace period of 30 s, so that it is ours. */
const EXIT_MS = 28_000;
/** The longest drain. */
const DRAIN_MS = 25_000;
/** The longest interval that Node knows. */
const FOREVER_MS = 2 ** 31 - 1;

interface Parts extends Loaded {
  readonly rpc: RpcServer;
  readonly status: StatusServer | undefined;
}

/** Runs the plugin server until a signal ends the process. */
export async function serve(options: ServeOptions): Promise<void> {
  await new ServerProcess(options).start();
}

class ServerProcess {
  readonly #options: ServeOptions;
  readonly #host: ProcessHost;
  readonly #handOver: HandOver;
  /** Connections that came before there was anybody to serve them. */
  readonly #early: Socket[] = [];
  #parts: Parts | undefined;
  #draining = false;

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#host = options.host ?? process;
    const { socketPath: path, socketMode: mode, clock } = options;
    this.#handOver = new HandOver({
      path,
      mode,
      clock,
      connected: (socket) => {
        this.#connected(socket);
      },
      became: () => {
        this.#reportRole();
      },
      warn: (message, error) => {
        this.#parts?.log.warn({ err: error, socket: path }, message);
      },
      failed: (error) => {
        // Without its socket the process is of no use, and whoever started it must know.
        this.#host.stderr.write(`serverless: cannot listen on ${path}: ${error.message}\n`);
        this.#host.exit(1);
      },
    });
  }

  async start(): Promise<void> {
    // The clock's timers keep no process alive, and a standby between two attempts has nothing else.
    const alive = setInterval(() => undefined, FOREVER_MS);
    this.#host.on('exit', () => {
      clearInterval(alive);
      this.#handOver.abandon();
    });
    this.#handOver.start();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      this.#host.on(signal, () => {
        this.#signalled(signal);
      });
    }
    this.#parts = this.#assemble(await this.#options.load());
    this.#surviveErrors(this.#parts.log);
    for (const socket of this.#early.splice(0)) {
      this.#parts.rpc.connections.accept(socket);
      socket.resume();
    }
    this.#parts.status?.start();
    this.#reportRole();
  }

  #assemble({ product, log }: Loaded): Parts {
    const { statusListen, clock } = this.#options;
    const { module, onRejected, onServed } = product;
    const rpc = new RpcServer({ module, succession: this.#handOver, onRejected, onServed, clock, log });
    const source = {
      isActive: () => this.#handOver.role === 'active',
      metrics: (format: 'prometheus' | 'openmetrics') => product.metrics(format, this.#handOver.hasStandby),
      status: () => ({ server: this.#serverStatus(rpc), ...product.status() }),
      wake: (key: string) => product.wake(key),
      sleep: (key: string) => product.sleep(key),
    };
    const status = statusListen === 'off' ? undefined : new StatusServer(statusListen, source, clock, log);
    return { product, log, rpc, status };
  }

  #serverStatus({ connections, instances, events }: RpcServer): ServerStatus {
    return {
      pid: process.pid,
      role: this.#handOver.role,
      standby: this.#handOver.hasStandby,
      draining: this.#draining,
      uptimeSeconds: Math.round(process.uptime()),
      socket: this.#options.socketPath,
      connections: connections.size,
      instances: instances.size,
      events: events.size,
    };
  }

  #connected(socket: Socket): void {
    if (this.#parts !== undefined) this.#parts.rpc.connections.accept(socket);
    // Its error would be nobody's, and end the process.
    else this.#early.push(socket.pause().on('error', () => undefined));
  }

  #reportRole(): void {
    const { role } = this.#handOver;
    if (this.#parts === undefined || role === 'starting') return;
    this.#parts.log.info({ role, socket: this.#options.socketPath }, `plugin server is ${role}`);
    // The port was the other process's until now.
    if (role === 'active') this.#parts.status?.start();
  }

  #signalled(signal: NodeJS.Signals): void {
    if (this.#draining || this.#parts === undefined) {
      this.#host.exit(signal === 'SIGINT' ? 130 : 143);
      return;
    }
    this.#draining = true;
    this.#shutDown(this.#parts, signal).then(
      () => {
        this.#host.exit(0);
      },
      (error: unknown) => {
        this.#parts?.log.error({ err: error }, 'the shutdown failed');
        this.#host.exit(1);
      },
    );
  }

  /** Passes everything on to a standby, or else drains. One that comes during the drain is welcome too. */
  async #shutDown(parts: Parts, signal: NodeJS.Signals): Promise<void> {
    const { product, log, rpc, status } = parts;
    const { clock, drainMs = DRAIN_MS, exitMs = EXIT_MS } = this.#options;
    const since = clock.now();
    const exitBy = since + exitMs;
    try {
      if (await this.#passOn(parts, signal, exitBy)) return;
      log.info(
        { signal, held: product.held() },
        'draining: requests for sleeping backends are rejected, held ones are kept',
      );
      for (;;) {
        const limitMs = Math.max(0, since + drainMs - clock.now());
        const standby = this.#handOver.standbyComes();
        const end = await drain({ product, events: rpc.events, clock, limitMs, exitBy, standby });
        if ((await this.#passOn(parts, signal, exitBy)) || end !== 'standby') return;
      }
    } finally {
      status?.stop();
      await this.#handOver.shutDown(rpc, exitBy);
      await product.close();
      log.info({ held: product.held() }, 'shut down');
    }
  }

  async #passOn({ product, log, rpc, status }: Parts, signal: NodeJS.Signals, exitBy: number): Promise<boolean> {
    if (!(await this.#handOver.findsStandby())) return false;
    log.info({ signal, held: product.held() }, 'passing on to a standby: what is held will be held there');
    // The port is the other process's from now on.
    status?.stop();
    if (await this.#handOver.passOn(rpc, exitBy)) return true;
    status?.start();
    return false;
  }

  /**
   * An error that nobody caught ends a process by default, and every hold with it (K6, K10). What this process keeps is per request,
   * so one that went wrong does not spoil the others. Rejections come here too, because nothing listens to them alone.
   */
  #surviveErrors(log: Logger): void {
    this.#host.on('uncaughtException', (error, origin) => {
      try {
        log.error({ err: error, origin }, 'an error that nobody caught; the process continues');
      } catch {
        // The log's reader is gone; the requests are not.
      }
    });
  }
}
