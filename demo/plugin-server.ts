import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { Child, untilReady } from './child';
import type { Events } from './events';
import type { KongFields } from './kong/schema';

/** What the plugin tells Kong about itself: `serverless -dump`. */
export interface PluginInfo {
  readonly name: string;
  readonly phases: readonly string[];
  readonly config: KongFields;
  /** All of it, as printed. */
  readonly dump: string;
}

export interface PluginServerOptions {
  /** `dist/serverless`. */
  readonly program: string;
  readonly socketPath: string;
  readonly gatewayUrl: string;
  readonly daprPort: number;
  readonly statusPort: number;
}

/** One backend in the plugin server's `/status`. */
export interface BackendStatus {
  readonly target: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly state: 'idle' | 'probing' | 'waking' | 'ready';
  readonly held: number;
  readonly lastProbe?: unknown;
  readonly lastPublish?: unknown;
  readonly coldStarts: readonly ColdStart[];
}

/** A cold start as the plugin saw it. */
export interface ColdStart {
  /** RFC 3339: the first request. */
  readonly at: string;
  /** Requests held when the backend was ready. */
  readonly held: number;
  /** From the first request until Dapr had taken the wake-up; absent when it never did. */
  readonly wakeMs?: number;
  /** From the first request until a probe passed. */
  readonly readyMs: number;
  readonly probes: number;
  readonly messages: number;
}

/** Asks the plugin what Kong asks before it starts: name, phases and the schema of its configuration. */
export function pluginInfo(program: string): PluginInfo {
  const dump = execFileSync(process.execPath, [program, '-dump'], { encoding: 'utf8' });
  const [plugin] = JSON.parse(dump) as DumpedPlugin[];
  if (plugin === undefined) throw new Error(`${program} -dump names no plugin`);
  const config = plugin.Schema.fields.flatMap((field) => field['config']?.fields ?? []);
  return { name: plugin.Name, phases: plugin.Phases, config, dump };
}

interface DumpedPlugin {
  readonly Name: string;
  readonly Phases: readonly string[];
  readonly Schema: { readonly fields: readonly Record<string, { readonly fields?: KongFields }>[] };
}
/** How soon the plugin server is started again after it has died: as Kong does. */
const RESPAWN_MS = 1000;

/** The real `dist/serverless`, started beside the gateway as our image does it (K7, K9). */
export class PluginServer {
  #child: Child | undefined;
  #closed = false;
  #respawn: NodeJS.Timeout | undefined;
  readonly #options: PluginServerOptions;
  readonly #events: Events;

  constructor(options: PluginServerOptions, events: Events) {
    this.#options = options;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it takes calls. */
  async start(): Promise<void> {
    const { program, socketPath, gatewayUrl, daprPort, statusPort } = this.#options;
    const args = ['serve', '--socket', socketPath, '--gateway-url', gatewayUrl, '--dapr-http-port', String(daprPort)];
    const child = new Child(
      process.execPath,
      [program, ...args, '--status-listen', `127.0.0.1:${statusPort}`, '--log-level', 'warn'],
      {
        onLine: (line) => {
          this.#log(line);
        },
        onExit: (how) => {
          this.#onExit(how);
        },
      },
    );
    this.#child = child;
    await untilReady('the plugin server', child, () => connects(socketPath));
  }

  /** What each backend does now; undefined while the plugin server does not answer. */
  async status(): Promise<readonly BackendStatus[] | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#options.statusPort}/status`, {
        signal: AbortSignal.timeout(1000),
      });
      return ((await response.json()) as { backends: readonly BackendStatus[] }).backends;
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#respawn);
    // It would drain what it holds; the stack is going, and so are the clients.
    await this.#child?.stop('SIGKILL');
  }

  #onExit(how: string): void {
    if (this.#closed) return;
    this.#events.error('plugin', `the plugin server has ended (${how}); it is started again`);
    this.#respawn = setTimeout(() => {
      this.start().catch(() => undefined);
    }, RESPAWN_MS);
  }

  /** Its log is JSON, one object a line. */
  #log(line: string): void {
    try {
      const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: { message?: string } };
      const text = err?.message === undefined ? msg : `${msg}: ${err.message}`;
      if (level >= 50) this.#events.error('plugin', text);
      else this.#events.warn('plugin', text);
    } catch {
      this.#events.warn('plugin', line);
    }
  }
}

async function connects(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
