import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { Child, untilReady } from './child';
import type { Journal } from './journal';
import type { KongFields } from './kong/schema';

/** The plugin's description of itself for Kong: `serverless -dump`. */
export interface PluginInfo {
  readonly name: string;
  readonly phases: readonly string[];
  readonly config: KongFields;
  /** The whole output. */
  readonly dump: string;
}

export interface PluginServerOptions {
  /** `dist/serverless`. */
  readonly program: string;
  readonly socketPath: string;
  readonly gatewayUrl: string;
  readonly daprPort: number;
  readonly statusPort: number;
  /** How it finds the Kubernetes API. */
  readonly kubernetes: Readonly<Record<string, string>>;
}

/** One backend in the plugin server's `/status`. */
export interface BackendStatus {
  readonly target: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly state: 'asleep' | 'idle' | 'probing' | 'waking' | 'ready';
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
  /** From the first request until Dapr accepted the wake-up; absent if it never did. */
  readonly wakeMs?: number;
  /** From the first request until a probe passed. */
  readonly readyMs: number;
  /** What let them go. */
  readonly lane: 'address' | 'worker' | 'settle';
  /** Until an EndpointSlice had the address of a replica, and until one was Ready. */
  readonly addressMs?: number;
  readonly podReadyMs?: number;
  readonly probes: number;
  readonly messages: number;
}

/** Queries the plugin as Kong does before it starts: name, phases and configuration schema. */
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
/** How soon a plugin server that has exited is restarted: as Kong does. */
const RESPAWN_MS = 1000;

/** The real `dist/serverless`, started beside the gateway as in our image (K7, K9). */
export class PluginServer {
  #child: Child | undefined;
  #closed = false;
  #respawn: NodeJS.Timeout | undefined;
  readonly #options: PluginServerOptions;
  readonly #journal: Journal;

  constructor(options: PluginServerOptions, journal: Journal) {
    this.#options = options;
    this.#journal = journal;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    const { program, socketPath, gatewayUrl, daprPort, statusPort, kubernetes } = this.#options;
    const args = ['serve', '--socket', socketPath, '--gateway-url', gatewayUrl, '--dapr-http-port', String(daprPort)];
    const child = new Child(
      process.execPath,
      [program, ...args, '--status-listen', `127.0.0.1:${statusPort}`, '--log-level', 'warn', '--debug-errors', 'true'],
      {
        env: kubernetes,
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

  /** The state of each backend; undefined while the plugin server does not respond. */
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
    // SIGTERM would drain held requests first. The demo shuts down, so nobody waits for their responses.
    await this.#child?.stop('SIGKILL');
  }

  #onExit(how: string): void {
    if (this.#closed) return;
    this.#journal.error('plugin', `the plugin server has ended (${how}); it is started again`);
    this.#respawn = setTimeout(() => {
      this.start().catch(() => undefined);
    }, RESPAWN_MS);
  }

  /** The server's log has one JSON object per line. */
  #log(line: string): void {
    try {
      const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: { message?: string } };
      const text = err?.message === undefined ? msg : `${msg}: ${err.message}`;
      if (level >= 50) this.#journal.error('plugin', text);
      else this.#journal.warn('plugin', text);
    } catch {
      this.#journal.warn('plugin', line);
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
