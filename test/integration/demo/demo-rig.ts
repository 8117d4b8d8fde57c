import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { JournalEntry } from '../../../demo/journal';
import type { BackendView } from '../../../demo/observe';
import type { InfrastructureView } from '../../../demo/page/feed';
import { type Answer, send } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { built } from './built';

/** What the page is sent four times a second. */
export interface Tick {
  readonly infrastructure: InfrastructureView;
  readonly backends: readonly BackendView[];
}

/** `node dist/demo.js`, as a person starts it, with what it reports. */
export class DemoRig {
  readonly journal: JournalEntry[] = [];
  url = '';
  stderr = '';

  private constructor(readonly child: ChildProcess) {}

  /** Starts it on a free port; resolves when it prints its address. */
  static async start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<DemoRig> {
    const child = spawn(process.execPath, [built('demo.js'), '--port', '0', '--json', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const demo = new DemoRig(child);
    child.stderr.on('data', (chunk: Buffer) => (demo.stderr += chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const object = JSON.parse(line) as JournalEntry | { url: string };
      if ('url' in object) demo.url = object.url;
      else demo.journal.push(object);
    });
    try {
      await until(
        'the demo prints its address',
        () => {
          if (child.exitCode !== null) throw new Error(demo.stderr);
          return demo.url !== '';
        },
        { timeoutMs: 60_000 },
      );
      return demo;
    } catch (error) {
      await demo.stop('SIGKILL');
      throw error;
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get texts(): string[] {
    return this.journal.map(({ text }) => text);
  }

  get(path: string): Promise<Answer> {
    return send({ port: this.port, path });
  }

  /** Does what a button of the page does. */
  press(action: string, backend = '', count = 1): Promise<Answer> {
    const path = `/_demo/actions/${action}?backend=${backend}&count=${count}`;
    return send({ port: this.port, path, method: 'POST', headers: { 'X-Demo': '1' } });
  }

  /** What the page is sent now. */
  async tick(): Promise<Tick> {
    return new Promise((resolve, reject) => {
      let text = '';
      const asked = request({ host: '127.0.0.1', port: this.port, path: '/_demo/feed', agent: false }, (answer) => {
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

  /** Waits until the demo reports this. */
  async says(text: string, timeoutMs = 30_000): Promise<void> {
    await until(`the demo reports '${text}'`, () => this.texts.some((line) => line.includes(text)), { timeoutMs });
  }

  /** Shuts it down; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode;
  }
}
