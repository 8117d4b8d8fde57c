import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { guardGroup, releaseGroup } from './guard';
import { until } from './wait';

export interface ProcessOptions {
  /** Standard output and error go there. */
  logFile: string;
  /** Added to our environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
}

/** A process in its own process group, so that its children can be killed with it. */
export class Process {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(
    readonly name: string,
    child: ChildProcess,
    logFile: string,
  ) {
    this.#child = child;
    this.#logFile = logFile;
    this.exited = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', () => {
        resolve(null);
      });
    });
  }

  /** Resolves once the process has started; rejects if the command cannot be run. */
  static async start(command: string, args: string[], options: ProcessOptions): Promise<Process> {
    const log = openSync(options.logFile, 'a');
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    const started = new Process(command, child, options.logFile);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    guardGroup(started.pid);
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  log(): string {
    // A device or a pipe has no end to read to.
    return statSync(this.#logFile).isFile() ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Waits for `ready`. If the process exits first, or the timeout is over, the error contains the end of its log. */
  async becomes<T>(
    what: string,
    ready: () => Promise<T | undefined | false>,
    { timeoutMs = 30_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
  ): Promise<T> {
    const outcome = await until(
      what,
      async () => {
        if (!this.running) return 'died' as const;
        const answer = await ready();
        return answer === undefined || answer === false ? undefined : { answer };
      },
      { timeoutMs, everyMs },
    ).catch((error: unknown) => {
      throw new Error(`${this.name}: ${String(error)}; its log ends with:\n${this.log().slice(-3000)}`, {
        cause: error,
      });
    });
    if (outcome === 'died') {
      throw new Error(`${this.name} ended before: ${what}; its log ends with:\n${this.log().slice(-3000)}`);
    }
    return outcome.answer;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Sends `signal`; kills whatever is left of its group once it has exited or the grace period is over. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 5000): Promise<void> {
    this.signal(signal);
    const timer = setTimeout(() => {
      this.#endGroup();
    }, graceMs);
    await this.exited;
    clearTimeout(timer);
    this.#endGroup();
    releaseGroup(this.pid);
  }

  #endGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nothing is left.
    }
  }
}
