import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { StackEvent } from '../../../demo/events';
import type { BackendView } from '../../../demo/observe';
import type { PartsView } from '../../../demo/page/feed';
import { type Answer, send } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { built } from './built';

/** What the page is told four times a second. */
export interface Tick {
  readonly parts: PartsView;
  readonly backends: readonly BackendView[];
}

/** `node dist/demo.js`, as a person starts it, with its events. */
export class RunningStack {
  readonly events: StackEvent[] = [];
  url = '';
  stderr = '';

  private constructor(readonly child: ChildProcess) {}

  /** Starts it on a free port; resolves when it prints its address. */
  static async start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<RunningStack> {
    const child = spawn(process.execPath, [built('demo.js'), '--port', '0', '--json', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stack = new RunningStack(child);
    child.stderr.on('data', (chunk: Buffer) => (stack.stderr += chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const object = JSON.parse(line) as StackEvent | { url: string };
      if ('url' in object) stack.url = object.url;
      else stack.events.push(object);
    });
    await until(
      'the demo prints its address',
      () => {
        if (child.exitCode !== null) throw new Error(stack.stderr);
        return stack.url !== '';
      },
      { timeoutMs: 60_000 },
    );
    return stack;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get texts(): string[] {
    return this.events.map(({ text }) => text);
  }

  get(path: string): Promise<Answer> {
    return send({ port: this.port, path });
  }

  /** Presses a button of the page. */
  press(action: string, backend = '', count = 1): Promise<Answer> {
    const path = `/_demo/actions/${action}?backend=${backend}&count=${count}`;
    return send({ port: this.port, path, method: 'POST', headers: { 'X-Demo': '1' } });
  }

  /** What the page is told now. */
  async tick(): Promise<Tick> {
    return new Promise((resolve, reject) => {
      let text = '';
      const asked = request({ host: '127.0.0.1', port: this.port, path: '/_demo/events', agent: false }, (answer) => {
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const data = /event: tick\ndata: (.*)\n\n/.exec(text)?.[1];
          if (data === undefined) return;
          resolve(JSON.parse(data) as Tick);
          asked.destroy();
        });
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  /** Waits until an event says this. */
  async says(text: string, timeoutMs = 30_000): Promise<void> {
    await until(`an event says '${text}'`, () => this.texts.some((line) => line.includes(text)), { timeoutMs });
  }

  /** Ends it; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode;
  }
}
