import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../clock';
import type { Workload } from '../manifests/workload';
import { watchReadiness } from './readiness';

/** `starting`: not ready yet, or no longer; `stopping`: terminating, gets no new requests. */
export type ReplicaPhase = 'starting' | 'ready' | 'stopping' | 'terminated';

/** What a replica needs from outside its manifest. */
export interface ReplicaOptions {
  /** `dist/backend.js`. */
  readonly program: string;
  readonly args: readonly string[];
  /** How long the process takes to listen where its manifest does not say. */
  readonly bootMs: number | undefined;
}

/** One replica of a Deployment: a process of its own. */
export class Replica {
  phase: ReplicaPhase = 'starting';
  readonly startedAt: number;
  /** Milliseconds since the epoch; undefined until the readiness probe has passed once. */
  readyAt: number | undefined;
  /** Exit code or signal, for people. */
  ending = '';
  #port: number | undefined;
  readonly #child: ChildProcess;
  readonly #stopProbe: () => void;
  #cancels: (() => void)[] = [];
  readonly #workload: Workload;
  readonly #clock: Clock;
  readonly #changed: (replica: Replica) => void;
  readonly #listens: () => void;

  /** @param listens called when its port is known */
  constructor(
    readonly name: string,
    workload: Workload,
    options: ReplicaOptions,
    clock: Clock,
    changed: (replica: Replica) => void,
    listens: () => void,
  ) {
    this.#listens = listens;
    this.#workload = workload;
    this.#clock = clock;
    this.#changed = changed;
    this.startedAt = clock.now();
    this.#child = spawn(process.execPath, [options.program, ...options.args], {
      env: environmentOf(name, workload, options.bootMs),
      // The IPC channel tells the port, and the process exits when it closes: also if the demo is killed.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('message', (message) => {
      this.#port = (message as { port: number }).port;
      this.#listens();
    });
    this.#child.on('exit', (code, signal) => {
      this.ending = signal ?? `exit code ${code ?? 'unknown'}`;
      this.#leave('terminated');
    });
    const become = (ready: boolean): void => {
      if (this.phase !== 'starting' && this.phase !== 'ready') return;
      if (ready) this.readyAt ??= clock.now();
      this.phase = ready ? 'ready' : 'starting';
      changed(this);
    };
    this.#stopProbe =
      workload.readiness === undefined
        ? readyOnceListening(this.#child, become)
        : watchReadiness(workload.readiness, () => this.#port, clock, become);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Undefined until it listens. */
  get port(): number | undefined {
    return this.#port;
  }

  /** `host:port` while it takes requests. */
  get endpoint(): string | undefined {
    return this.phase === 'ready' && this.#port !== undefined ? `127.0.0.1:${this.#port}` : undefined;
  }

  /** Terminates it as Kubernetes does: out of the endpoints, preStop, SIGTERM, and SIGKILL after the grace period, which includes preStop. */
  stop(): void {
    if (this.phase === 'stopping' || this.phase === 'terminated') return;
    this.#leave('stopping');
    this.#cancels = [
      this.#clock.after(this.#workload.preStopMs, () => this.#child.kill('SIGTERM')),
      this.#clock.after(this.#workload.gracePeriodMs, () => this.#child.kill('SIGKILL')),
    ];
  }

  /** A crash. Resolves when the process has exited. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      this.#child.kill('SIGKILL');
    });
  }

  #leave(phase: 'stopping' | 'terminated'): void {
    this.phase = phase;
    this.#stopProbe();
    if (phase === 'terminated') for (const cancel of this.#cancels.splice(0)) cancel();
    this.#changed(this);
  }
}

function readyOnceListening(child: ChildProcess, become: (ready: boolean) => void): () => void {
  const onMessage = (): void => {
    become(true);
  };
  child.on('message', onMessage);
  return () => child.off('message', onMessage);
}

function environmentOf(name: string, workload: Workload, bootMs: number | undefined): Record<string, string> {
  return {
    ...workload.process.env,
    ...(bootMs === undefined ? {} : { BOOT_TIME_MS: String(bootMs) }),
    HOSTNAME: name,
    HOST: '127.0.0.1',
    // Each replica has its own port, as a pod has its own address.
    PORT: '0',
  };
}
