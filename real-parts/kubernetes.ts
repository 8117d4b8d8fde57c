import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { guardGroup, makeFolder, releaseGroup, removeFolder } from './guard';
import { freePort } from './ports';
import { Process } from './processes';
import { send } from './http';

/** Runs kubectl on the cluster of KUBECONFIG. If it fails, rejects with its output. */
export const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('kubectl', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`kubectl ${args.join(' ')}: exit ${code ?? 'by signal'}: ${err}${out}`));
    });
    child.stdin.end(input);
  });

/** `kubectl get` of one object or a list, as JSON. */
export const get = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as T;

export interface Change {
  /** The values of the watched fields. */
  readonly fields: readonly string[];
  /** When it was observed, as `performance.now()`. */
  readonly at: number;
}

/** Watches objects: every change records the values of these JSONPath expressions. */
export class Watch {
  readonly changes: Change[] = [];
  readonly #child: ReturnType<typeof spawn>;

  private constructor(child: ReturnType<typeof spawn>) {
    this.#child = child;
  }

  static start(what: readonly string[], expressions: readonly string[]): Watch {
    const template = `${expressions.map((expression) => `{${expression}}`).join('|')}{"\\n"}`;
    const child = spawn('kubectl', ['get', ...what, '--watch', '-o', `jsonpath=${template}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const watch = new Watch(child);
    guardGroup(child.pid ?? 0);
    createInterface({ input: child.stdout }).on('line', (line) => {
      watch.changes.push({ fields: line.split('|'), at: performance.now() });
    });
    return watch;
  }

  /** The first change since `from` whose fields satisfy `holds`. */
  first(from: number, holds: (fields: readonly string[]) => boolean): Change | undefined {
    return this.changes.find(({ fields, at }) => at >= from && holds(fields));
  }

  stop(): void {
    this.#child.kill('SIGKILL');
    releaseGroup(this.#child.pid ?? 0);
  }
}

/** A local port forwarded to a port of a pod or service, for as long as the pod runs. */
export class PortForward {
  readonly #process: Process;
  readonly #folder: string;

  private constructor(
    readonly port: number,
    process: Process,
    folder: string,
  ) {
    this.#process = process;
    this.#folder = folder;
  }

  static async start(namespace: string, target: string, targetPort: number, path: string): Promise<PortForward> {
    const port = await freePort();
    const folder = makeFolder('forward');
    const process_ = await Process.start(
      'kubectl',
      ['port-forward', '-n', namespace, target, `${port}:${targetPort}`],
      {
        logFile: join(folder, 'forward.log'),
      },
    );
    await process_.becomes(`${target} answers`, async () => (await send({ port, path })).status > 0);
    return new PortForward(port, process_, folder);
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
    await removeFolder(this.#folder);
  }
}
