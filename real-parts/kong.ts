import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findPart } from './find';
import { makeFolder, removeFolder } from './guard';
import { send } from './http';
import { startContainer } from './container';
import { freePort } from './ports';
import { Process } from './processes';
import { until } from './wait';

const run = promisify(execFile);

/** An external plugin server, running before Kong starts. */
export interface PluginServerOfKong {
  readonly name: string;
  readonly socket: string;
  /** The JSON that Kong's query command must print. */
  readonly dump: string;
  /** The command that prints it; default: one that prints `dump`. */
  readonly queryCommand?: string;
}

export interface KongOptions {
  readonly config: object;
  readonly pluginServers?: readonly PluginServerOfKong[];
  readonly workers?: number;
  /** For whatever must know the address before Kong runs. */
  readonly proxyPort?: number;
  /** Further proxy listeners, both with HTTP/2. */
  readonly http2?: Http2Ports;
  /** Further settings of Kong, `KONG_...`. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Http2Ports {
  /** With TLS, and HTTP/1.1 as well; the certificate is Kong's own. */
  readonly tls: number;
  /** Without TLS, and HTTP/2 only. */
  readonly h2c: number;
}

interface Host {
  /** Runs `kong COMMAND` beside the running gateway. */
  kong(command: string): Promise<void>;
  /** Runs a shell command on the host or in the container of the gateway. */
  shell(command: string): Promise<void>;
  assertRunning(): void;
  errorLog(): Promise<string>;
  stop(): Promise<void>;
}

let version: string | undefined;
/** The version of the Kong that `Kong.start` starts, such as `2.8.1`: what differs is in docs/host-facts.md, "Kong 2.8 and 3.x". */
export const kongVersion = (): string => {
  version ??= askVersion();
  return version;
};

const askVersion = (): string => {
  const found = findPart('kong');
  // An image's tag, or what the command says: `2.8.1`, or a line that ends so.
  const said =
    found.how === 'docker'
      ? found.image.split(':')[1]
      : found.how === 'binary' && execFileSync(found.path, ['version'], { encoding: 'utf8' });
  const number = /\d+\.\d+(\.\d+)?/.exec(said || '')?.[0];
  if (number === undefined) throw new Error(`which version of Kong is it? It says '${String(said)}'`);
  return number;
};

/** Whether it is a Kong 3.x; false where there is none. */
export const isKong3 = (): boolean => findPart('kong').how !== 'missing' && !kongVersion().startsWith('2.');

/** A gateway node: Kong without a database, from `KONG_BIN`, PATH or Docker. */
export class Kong {
  readonly #host: Host;

  private constructor(
    readonly proxyPort: number,
    readonly adminPort: number,
    /** Kong's prefix, with its logs and pid file. */
    readonly prefix: string,
    host: Host,
  ) {
    this.#host = host;
  }

  static async start(options: KongOptions): Promise<Kong> {
    const prefix = makeFolder('kong');
    const proxyPort = options.proxyPort ?? (await freePort());
    const adminPort = await freePort();
    writeFileSync(join(prefix, 'kong.json'), JSON.stringify(options.config));
    const env = settings(options, prefix, proxyPort, adminPort);
    let kong: Kong | undefined;
    try {
      const sockets = (options.pluginServers ?? []).map(({ socket }) => dirname(socket));
      const host = await startHost(env, prefix, sockets);
      const started = new Kong(proxyPort, adminPort, prefix, host);
      kong = started;
      await until(
        'Kong serves',
        () => {
          host.assertRunning();
          return started.#serves();
        },
        { timeoutMs: 60_000 },
      );
      return started;
    } catch (error) {
      const log = kong === undefined ? '' : await kong.errorLog().catch(() => '');
      await (kong === undefined ? removeFolder(prefix) : kong.stop());
      throw new Error(`Kong did not start: ${String(error)}\n${log.slice(-3000)}`, { cause: error });
    }
  }

  /** Replaces the whole configuration, as the ingress controller does. The workers take it over one by one (K27). */
  async push(config: object): Promise<void> {
    // 429: one at a time. The controller retries, too.
    const answer = await until('Kong has taken over the configuration before this one', async () => {
      const tried = await send({
        port: this.adminPort,
        method: 'POST',
        path: '/config?check_hash=1',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(config),
      });
      return tried.status !== 429 && tried;
    });
    if (answer.status !== 201) throw new Error(`Kong refused the configuration: ${answer.status} ${answer.body}`);
  }

  /** GET from the admin API. */
  async admin(path: string): Promise<unknown> {
    const answer = await send({ port: this.adminPort, path });
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  /** `kong reload`: new workers start, the old ones exit once their requests are done. Resolves before that. */
  reload(): Promise<void> {
    return this.#host.kong('reload');
  }

  /** Signals the nginx workers: between STOP and CONT they are unresponsive, as while they load a large configuration. */
  signalWorkers(signal: 'STOP' | 'CONT'): Promise<void> {
    return this.#host.shell(`kill -${signal} $(cat /proc/$(cat ${this.#pidFile})/task/*/children)`);
  }

  /** SIGKILL of one nginx worker, with all that it has. The master starts another one. */
  killWorker(): Promise<void> {
    return this.#host.shell(`set -- $(cat /proc/$(cat ${this.#pidFile})/task/*/children); kill -KILL $1`);
  }

  /** The processes of the nginx workers, those too that a reload has replaced and that have not ended. A Kong from `KONG_BIN` only. */
  async workers(): Promise<number[]> {
    const master = await this.#master();
    const children = await readFile(`/proc/${master}/task/${master}/children`, 'utf8');
    return children.trim().split(' ').map(Number);
  }

  /** Memory that only one of nginx's processes has, over all of them, kB. A Kong from `KONG_BIN` only. */
  async privateKb(): Promise<number> {
    const each = [await this.#master(), ...(await this.workers())].map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
      return Number(/^Private_Dirty: *(\d+)/m.exec(rollup)?.[1]);
    });
    return (await Promise.all(each)).reduce((sum, kb) => sum + kb, 0);
  }

  errorLog(): Promise<string> {
    return this.#host.errorLog();
  }

  async stop(): Promise<void> {
    await this.#host.stop();
    await removeFolder(this.prefix);
  }

  get #pidFile(): string {
    return join(this.prefix, 'pids/nginx.pid');
  }

  async #master(): Promise<number> {
    return Number(await readFile(this.#pidFile, 'utf8'));
  }

  async #serves(): Promise<boolean> {
    const [proxy, admin] = await Promise.all([
      send({ port: this.proxyPort, path: '/is-anybody-there', timeoutMs: 2000 }),
      send({ port: this.adminPort, path: '/status', timeoutMs: 2000 }),
    ]);
    return proxy.status > 0 && admin.status === 200;
  }
}

const settings = (
  { pluginServers = [], workers = 1, env = {}, http2 }: KongOptions,
  prefix: string,
  proxyPort: number,
  adminPort: number,
): Record<string, string> => ({
  KONG_PREFIX: prefix,
  KONG_DATABASE: 'off',
  KONG_DECLARATIVE_CONFIG: join(prefix, 'kong.json'),
  // Kong's default, except for the address.
  KONG_PROXY_LISTEN: [
    `127.0.0.1:${proxyPort} reuseport backlog=16384`,
    ...(http2 === undefined
      ? []
      : [
          `127.0.0.1:${http2.tls} http2 ssl reuseport backlog=16384`,
          `127.0.0.1:${http2.h2c} http2 reuseport backlog=16384`,
        ]),
  ].join(', '),
  KONG_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
  KONG_STATUS_LISTEN: 'off',
  // Of 3.x, with ports of its own.
  KONG_ADMIN_GUI_LISTEN: 'off',
  KONG_NGINX_MAIN_DAEMON: 'off',
  KONG_NGINX_WORKER_PROCESSES: String(workers),
  KONG_ANONYMOUS_REPORTS: 'off',
  KONG_PROXY_ACCESS_LOG: 'off',
  KONG_ADMIN_ACCESS_LOG: 'off',
  KONG_PROXY_ERROR_LOG: 'logs/error.log',
  KONG_ADMIN_ERROR_LOG: 'logs/error.log',
  // Started by root, the workers would run as nobody, who cannot open our folders.
  ...(process.getuid?.() === 0 ? { KONG_NGINX_MAIN_USER: 'root root' } : {}),
  KONG_PLUGINS: ['bundled', ...pluginServers.map(({ name }) => name)].join(','),
  ...(pluginServers.length > 0 ? { KONG_PLUGINSERVER_NAMES: pluginServers.map(({ name }) => name).join(',') } : {}),
  ...Object.fromEntries(
    pluginServers.flatMap(({ name, socket, dump, queryCommand }) => {
      const variable = `KONG_PLUGINSERVER_${name.toUpperCase().replaceAll('-', '_')}`;
      const file = join(prefix, `${name}.dump.json`);
      writeFileSync(file, dump);
      return [
        [`${variable}_SOCKET`, socket],
        [`${variable}_QUERY_CMD`, queryCommand ?? `cat '${file}'`],
      ];
    }),
  ),
  ...env,
});

const startHost = (env: Record<string, string>, prefix: string, sockets: readonly string[]): Promise<Host> => {
  const found = findPart('kong');
  switch (found.how) {
    case 'binary':
      return startBinary(found.path, env, prefix);
    case 'docker':
      return startInDocker(found.image, env, prefix, sockets);
    case 'url':
    case 'missing':
      throw new Error(found.how === 'missing' ? found.why : 'a Kong that runs already cannot be used');
  }
};

const startBinary = async (binary: string, env: Record<string, string>, prefix: string): Promise<Host> => {
  const child = await Process.start(binary, ['start'], { env, logFile: join(prefix, 'start.log') });
  return {
    kong: async (command) => {
      await run(binary, [command, '-p', prefix], { env: { ...process.env, ...env } });
    },
    shell: async (command) => {
      await run('sh', ['-c', command]);
    },
    assertRunning: () => {
      if (!child.running) throw new Error(`kong start ended: ${child.log()}`);
    },
    errorLog: () => readFile(join(prefix, 'logs/error.log'), 'utf8'),
    stop: async () => {
      // The command is only nginx's parent: signal the master.
      const master = Number(await readFile(join(prefix, 'pids/nginx.pid'), 'utf8').catch(() => ''));
      try {
        // Process 0, which an empty file would name, is our own process group.
        if (master > 0 && child.running) process.kill(master, 'SIGTERM');
      } catch {
        // It has exited already.
      }
      await Promise.race([child.exited, until('nginx ended', () => !child.running, { timeoutMs: 3000 })]).catch(
        () => undefined,
      );
      await child.stop('SIGKILL');
    },
  };
};

const startInDocker = async (
  image: string,
  env: Record<string, string>,
  prefix: string,
  sockets: readonly string[],
): Promise<Host> => {
  chmodSync(prefix, 0o777);
  const container = await startContainer({
    image,
    env,
    command: ['kong', 'docker-start'],
    folders: [...new Set([prefix, ...sockets])],
  });
  return {
    kong: async (command) => {
      await container.run(['kong', command, '-p', prefix]);
    },
    shell: (command) => container.run(['sh', '-c', command]),
    assertRunning: () => undefined,
    // The image's entry point links the file to /dev/stderr, which we would open as our own.
    errorLog: () => container.log(),
    stop: () => container.stop(),
  };
};
