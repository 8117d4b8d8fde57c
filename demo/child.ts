import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guardGroup, releaseGroup } from '../real-parts/guard';

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each line of standard output and standard error. */
  readonly onLine?: (line: string) => void;
  readonly onExit?: (how: string) => void;
}

/** How long a process may take to exit before it is killed. */
const GRACE_MS = 5000;

/** A child process of the demo. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #stopping = false;

  constructor(program: string, args: readonly string[], options: ChildOptions = {}) {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    // Its own process group: Ctrl-C in the terminal reaches only the demo, which shuts down in order. If the demo is killed, the
    // guardian kills the group.
    this.#process = spawn(program, args, { env: { ...options.env }, stdio, detached: true });
    if (this.#process.pid !== undefined) guardGroup(this.#process.pid);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => options.onLine?.(line));
    }
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        options.onExit?.(error.message);
        resolve();
      });
      this.#process.once('exit', (code, signal) => {
        if (this.#process.pid !== undefined) releaseGroup(this.#process.pid);
        if (!this.#stopping) options.onExit?.(signal ?? `exit code ${code ?? 'unknown'}`);
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** SIGTERM, and SIGKILL when it takes too long. Resolves when the process has exited. */
  async stop(signal: 'SIGTERM' | 'SIGQUIT' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#stopping = true;
    if (!this.running) return;
    this.#process.kill(signal);
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}

/** Polls `ready` every 50 ms until it is true. Throws after `timeoutMs`, or as soon as the process has exited. */
export async function untilReady(
  what: string,
  child: Child,
  ready: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ready().catch(() => false))) {
    if (!child.running) throw new Error(`${what} has ended before it was ready`);
    if (Date.now() > deadline) throw new Error(`${what} is not ready after ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
