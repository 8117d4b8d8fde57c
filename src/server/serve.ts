import type { Socket } from 'node:net';
import { ServerlessError } from '../core/errors';
import type { Clock, Logger } from '../core/ports';
import type { Product } from '../kong/contract';
import { pollUntil } from './poll';
import { RpcServer } from './rpc-server';
import { SocketOwner } from './socket-owner';
import { StatusServer } from './status-server';

/** The parts that take time to load. */
export interface Loaded {
  readonly product: Product;
  readonly log: Logger;
  readonly clock: Clock;
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
  readonly statusListen: { readonly host: string; readonly port: number } | 'off';
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
/** How long requests that are settled may take to hear of it, and the last bytes to leave. */
const LEAVE_MS = 1000;
/**
 * How long Kong may take to close its connections where another process serves new ones. It does so at once, but a worker that is busy,
 * with a new configuration for example, can take a second; to close one that it may use is the last resort.
 */
const FINISH_MS = 5000;

interface Parts extends Loaded {
  readonly rpc: RpcServer;
  readonly status: StatusServer | undefined;
}

/** Runs the plugin server until a signal ends the process. */
export async function serve(options: ServeOptions): Promise<void> {
  await new ServerProcess(options).start();
}

class ServerProcess {
  private readonly owner: SocketOwner;
  /** Connections that came before there was anybody to serve them. */
  private readonly early: Socket[] = [];
  private parts: Parts | undefined;
  private draining = false;
  /** When the process must have ended, on `performance.now()`'s clock. */
  private exitBy = Infinity;
  /** Connections that came in all. */
  private accepted = 0;
  private readonly host: ProcessHost;

  constructor(private readonly options: ServeOptions) {
    this.host = options.host ?? process;
    this.owner = new SocketOwner({
      path: options.socketPath,
      connected: (socket) => {
        this.connected(socket);
      },
      became: () => {
        this.reportRole();
      },
      warn: (message, error) => {
        this.parts?.log.warn({ err: error, socket: options.socketPath }, message);
      },
      failed: (error) => {
        // Without its socket the process is of no use, and whoever started it must know.
        this.host.stderr.write(`serverless: cannot listen on ${options.socketPath}: ${error.message}\n`);
        this.host.exit(1);
      },
    });
  }

  async start(): Promise<void> {
    this.host.on('exit', () => {
      this.owner.remove();
      this.owner.close();
    });
    this.owner.start();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      this.host.on(signal, () => {
        this.signalled(signal);
      });
    }
    this.parts = this.assemble(await this.options.load());
    this.surviveErrors(this.parts.log);
    for (const socket of this.early.splice(0)) {
      this.parts.rpc.accept(socket);
      socket.resume();
    }
    this.parts.status?.start();
    this.reportRole();
  }

  private assemble({ product, log, clock }: Loaded): Parts {
    const { statusListen } = this.options;
    const rpc = new RpcServer({ module: product.module, clock, log });
    const source = {
      isActive: () => this.owner.role === 'active',
      metrics: () => product.metrics(),
      status: () => ({ server: this.serverStatus(rpc), ...product.status() }),
    };
    const status = statusListen === 'off' ? undefined : new StatusServer(statusListen, source, log);
    return { product, log, clock, rpc, status };
  }

  private serverStatus(rpc: RpcServer): object {
    return {
      pid: process.pid,
      role: this.owner.role,
      draining: this.draining,
      uptimeSeconds: Math.round(process.uptime()),
      socket: this.options.socketPath,
      connections: rpc.connectionCount(),
      instances: rpc.instanceCount(),
      events: rpc.eventCount(),
    };
  }

  private connected(socket: Socket): void {
    this.accepted += 1;
    if (this.parts !== undefined) this.parts.rpc.accept(socket);
    // Its error would be nobody's, and end the process.
    else this.early.push(socket.pause().on('error', () => undefined));
  }

  private reportRole(): void {
    const { role } = this.owner;
    if (this.parts === undefined || role === 'starting') return;
    this.parts.log.info({ role, socket: this.options.socketPath }, `plugin server is ${role}`);
    // The port was the other process's until now.
    if (role === 'active') this.parts.status?.start();
  }

  private signalled(signal: NodeJS.Signals): void {
    if (this.draining || this.parts === undefined) {
      this.host.exit(signal === 'SIGINT' ? 130 : 143);
      return;
    }
    this.draining = true;
    this.exitBy = performance.now() + (this.options.exitMs ?? EXIT_MS);
    this.leave(this.parts, signal).then(
      () => {
        this.host.exit(0);
      },
      (error: unknown) => {
        this.parts?.log.error({ err: error }, 'the drain failed');
        this.host.exit(1);
      },
    );
  }

  /**
   * An error that nobody caught ends a process by default, and every hold with it (K6, K10). What this process keeps is per request,
   * so one that went wrong does not spoil the others. Rejections come here too, because nothing listens to them alone.
   */
  private surviveErrors(log: Logger): void {
    this.host.on('uncaughtException', (error, origin) => {
      try {
        log.error({ err: error, origin }, 'an error that nobody caught; the process goes on');
      } catch {
        // The log's reader is gone; the requests are not.
      }
    });
  }

  private async leave(parts: Parts, signal: NodeJS.Signals): Promise<void> {
    try {
      await this.drain(parts, signal);
    } finally {
      await this.handOver(parts);
    }
  }

  /** Answers until nothing is held. */
  private async drain({ product, log, rpc }: Parts, signal: NodeJS.Signals): Promise<void> {
    const held = product.held();
    log.info({ signal, held }, 'draining: requests for sleeping backends are refused, held ones are kept');
    product.drain();
    if (!(await within(product.settled(), this.options.drainMs ?? DRAIN_MS))) {
      rpc.refuseHeld(new ServerlessError('SERVERLESS_SHUTTING_DOWN', 'This gateway is going away; try again.'));
    }
    await this.until(() => rpc.eventCount() === 0, LEAVE_MS);
  }

  /** Lets a standby have the socket, and ends everything. */
  private async handOver({ product, log, rpc, status }: Parts): Promise<void> {
    status?.stop();
    rpc.expectSuccessor(() => this.owner.isReplaced());
    await this.owner.stop(() => rpc.inviteStandby());
    await this.acceptWaiting();
    rpc.finish();
    await this.until(() => rpc.connectionCount() === 0, this.owner.isReplaced() ? FINISH_MS : LEAVE_MS);
    await this.until(() => rpc.eventCount() === 0, LEAVE_MS);
    this.owner.close();
    rpc.close();
    await this.until(() => rpc.connectionCount() === 0, LEAVE_MS);
    product.close();
    log.info({ held: product.held() }, 'drained');
  }

  /** Waits until it is done, but not for longer than that, nor than the process has. */
  private async until(done: () => boolean, limitMs: number): Promise<void> {
    await pollUntil(done, Math.min(performance.now() + limitMs, this.exitBy));
  }

  /**
   * Accepts the connections that Kong made before the name was gone: closing the listener would reset them, with the calls on them.
   * Node accepts one in each turn of its event loop, so a turn without any is the end.
   */
  private async acceptWaiting(): Promise<void> {
    let before: number;
    do {
      before = this.accepted;
      await turn();
    } while (this.accepted !== before);
  }
}

/** Resolves when the event loop has looked for input once more. */
async function turn(): Promise<void> {
  // The first may come in the turn that runs already, after its look for input.
  for (let n = 0; n < 2; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether `promise` resolves in time. */
async function within(promise: Promise<void>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
