import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../demo/clock';
import { Journal } from '../../demo/journal';
import { Gateway as DemoGateway } from '../../demo/kong/gateway';
import { withDefaults } from '../../demo/kong/schema';
import { kongVersion as kongNumber } from '../../demo/kong/version';
import { Field } from '../../demo/manifests/field';
import { pluginInfo } from '../../demo/plugin-server';
import { findPart } from '../../real-parts/find';
import { isKong3, Kong, kongVersion } from '../../real-parts/kong';
import { declarativeConfig, type GatewayRoute, upstreamOf } from '../../real-parts/kong-config';
import { freePort } from '../../real-parts/ports';
import { dump, serverlessFile } from '../../real-parts/serverless';
import { sleep, until } from '../../real-parts/wait';
import type { Logged } from './ledger';
import { KONG_WAITS_MS } from './schedule';

/** A route with the plugin. */
export interface FaultRoute {
  readonly name: string;
  readonly path: string;
  /** The backend whose targets it has. */
  readonly backend: string;
  readonly config: object;
  readonly preserveHost: boolean;
}

/** The gateway under attack. */
export interface Gateway {
  readonly description: string;
  readonly port: number;
  /** Whether a worker waits for ever for an instance that could not be started (K7). */
  readonly spins: boolean;
  /** With HTTP/2 and without TLS; undefined: there is none. */
  readonly h2cPort: number | undefined;
  push(targets: ReadonlyMap<string, readonly string[]>): Promise<void>;
  /** Undefined: it cannot. Gives the workers that are replaced. */
  readonly reload?: () => Promise<readonly number[]>;
  /** Kills one nginx worker. */
  readonly killWorker?: () => Promise<void>;
  /** Whether a worker does nothing but wait for an instance that will never start (K7). */
  isSpinning(): Promise<boolean>;
  /** What its access log has since this was asked last, with the ids of the ledger. */
  log(): Promise<readonly (Logged & { readonly id: string })[]>;
  /** What its error log has of errors since this was asked last. */
  errorLog(): Promise<string>;
  stop(): Promise<void>;
}

export interface GatewaySetup {
  readonly routes: readonly FaultRoute[];
  readonly socket: string;
  /** Where the plugin server sends its probes. */
  readonly port: number;
}

/** nginx's workers: more than one, which take over a configuration one after the other, as in production (K27). */
const WORKERS = 2;

/** A real Kong if there is one, else the demo's. */
export const startGateway = (setup: GatewaySetup): Promise<Gateway> =>
  findPart('kong').how === 'missing' ? startDemoGateway(setup) : startKong(setup);

const startKong = async ({ routes, socket, port }: GatewaySetup): Promise<Gateway> => {
  // In a container its processes and its log are not ours to look at.
  const isHere = findPart('kong').how === 'binary';
  const h2c = await freePort();
  const config = (targets: ReadonlyMap<string, readonly string[]>): object =>
    declarativeConfig(
      routes.map(({ name, path, backend, config: serverless, preserveHost }): GatewayRoute => ({
        ...{ name, path, to: targets.get(backend) ?? [], plugins: { serverless }, preserveHost },
        // The upstream is of the route that is named after its backend.
        ...(name === backend ? {} : { upstream: upstreamOf(backend) }),
      })),
    );
  const kong = await Kong.start({
    config: config(new Map()),
    pluginServers: [{ name: 'serverless', socket, dump: dump() }],
    workers: WORKERS,
    proxyPort: port,
    http2: { tls: await freePort(), h2c },
    env: {
      KONG_NGINX_HTTP_LUA_SOCKET_READ_TIMEOUT: `${KONG_WAITS_MS}ms`,
      // When it had answered, with what, how long it was with the upstream, and for whom.
      KONG_NGINX_HTTP_LOG_FORMAT: `ledger '$msec $status [$upstream_response_time] $pid $http_x_ledger'`,
      KONG_PROXY_ACCESS_LOG: 'logs/ledger.log ledger',
    },
  });
  const logFile = join(kong.prefix, 'logs/ledger.log');
  let read = 0;
  return {
    description: `Kong ${kongVersion()}`,
    ...{ port, h2cPort: h2c, spins: !isKong3() },
    push: async (targets) => {
      const next = config(targets);
      // What a reload begins with.
      await writeFile(join(kong.prefix, 'kong.json'), JSON.stringify(next));
      await untilTaken(() => kong.push(next));
    },
    ...(isHere && {
      reload: async () => {
        const replaced = await kong.workers();
        await kong.reload();
        return replaced;
      },
    }),
    killWorker: () => kong.killWorker(),
    isSpinning: async () => isHere && (await spins(await kong.workers())),
    log: async () => {
      const lines = (await readFile(logFile, 'utf8')).slice(read);
      const whole = lines.slice(0, lines.lastIndexOf('\n') + 1);
      read += whole.length;
      return whole.split('\n').flatMap((line) => readLine(line) ?? []);
    },
    errorLog: async () => {
      const log = await kong.errorLog();
      if (isHere) await writeFile(join(kong.prefix, 'logs/error.log'), '');
      return log
        .split('\n')
        .filter((line) => /\[(error|crit|alert|emerg)\]/.test(line))
        .join('\n');
    },
    stop: () => kong.stop(),
  };
};

/** For so long it is looked at, milliseconds, and this share of it is more than a quiet worker ever needs. */
const SPIN = { lookMs: 1000, share: 0.25, ticksPerSecond: 100 };

/** Whether one of these processes uses a whole processor. */
const spins = async (pids: readonly number[]): Promise<boolean> => {
  const ticks = (pid: number): Promise<number> =>
    readFile(`/proc/${pid}/stat`, 'utf8')
      // utime and stime, counted from behind the name, which may have spaces.
      .then((stat) =>
        stat
          .slice(stat.lastIndexOf(')'))
          .split(' ')
          .slice(12, 14)
          .reduce((sum, one) => sum + Number(one), 0),
      )
      .catch(() => 0);
  const before = await Promise.all(pids.map(ticks));
  await sleep(SPIN.lookMs);
  const after = await Promise.all(pids.map(ticks));
  const most = (SPIN.share * SPIN.ticksPerSecond * SPIN.lookMs) / 1000;
  return after.some((one, n) => one - (before[n] ?? 0) > most);
};

/** While nginx reloads, or a worker was killed that had a push, its admin API takes nothing for a while: the controller tries again. */
const untilTaken = async (push: () => Promise<void>): Promise<void> => {
  await until('Kong takes the configuration', () => push().then(() => true), { timeoutMs: 90_000, everyMs: 200 });
};

const readLine = (line: string): (Logged & { readonly id: string }) | undefined => {
  const [, at, status, upstream, worker, id] = /^([\d.]+) (\d+) \[([^\]]*)\] (\d+) (\S+)$/.exec(line) ?? [];
  if (id === undefined || id === '-') return undefined;
  // One for each attempt, such as `0.001, 0.002`; `-` where there was none.
  const times = (upstream ?? '').match(/[\d.]+/g)?.map(Number) ?? [];
  return {
    id,
    at: Number(at) * 1000 - performance.timeOrigin,
    status: Number(status),
    worker: Number(worker),
    ...(times.length === 0 ? {} : { upstreamMs: times.reduce((sum, one) => sum + one, 0) * 1000 }),
  };
};

const startDemoGateway = async ({ routes, socket, port }: GatewaySetup): Promise<Gateway> => {
  const { config: fields } = pluginInfo(serverlessFile);
  let targets: ReadonlyMap<string, readonly string[]> = new Map();
  const gateway = new DemoGateway(
    {
      ...{ host: '127.0.0.1', port, version: kongNumber('2.8.1'), plugin: 'serverless', socketPath: socket },
      ...{ readTimeoutMs: KONG_WAITS_MS, checkClientAbort: false, upstreamIdleMs: 60_000 },
    },
    new Journal(systemClock),
  );
  let sequence = 0;
  const load = (): void => {
    gateway.setRoutes(
      routes.map(({ name, path, backend, config }) => ({
        ...{ id: name, match: 'prefix' as const, path, hosts: [], stripPath: false },
        service: { name: backend, endpoints: () => targets.get(backend) ?? [] },
        plugin: {
          plugin: 'serverless',
          config: {
            ...withDefaults(fields, new Field(config, { file: 'faults', document: name })),
            ...{ __key__: name, __seq__: sequence++, route_id: name },
          },
        },
      })),
    );
  };
  load();
  await gateway.listen();
  return {
    description: 'the demo’s gateway',
    ...{ port, h2cPort: undefined, spins: false },
    push: async (next) => {
      targets = next;
      load();
      await sleep(20);
    },
    isSpinning: () => Promise.resolve(false),
    log: () => Promise.resolve([]),
    errorLog: () => Promise.resolve(''),
    stop: () => gateway.close(),
  };
};
