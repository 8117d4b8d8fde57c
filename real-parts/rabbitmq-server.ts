import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Container, startContainer } from './container';
import type { Found } from './find';
import { makeFolder, removeFolder } from './guard';
import { send } from './http';
import { freePort } from './ports';
import { Process } from './processes';
import { until } from './wait';

/** A private broker: it can be killed and restarted with the same ports and data. */
export interface BrokerProcess {
  readonly amqpPort: number;
  readonly managementPort: number;
  kill(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

interface Ports {
  readonly amqp: number;
  readonly management: number;
  /** Of Erlang's distribution and port mapper, which RabbitMQ cannot do without. */
  readonly distribution: number;
  readonly epmd: number;
}

const configuration = (ports: Ports): string =>
  [
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports.management}`,
    // How often the management API's counts are updated, ms; the default of 5000 is long for a test.
    'collect_statistics_interval = 500',
    // The tests connect as guest from 127.0.0.1, in Docker too.
    'loopback_users.guest = true',
    '',
  ].join('\n');

const erlang = (ports: Ports): Record<string, string> => ({
  ERL_EPMD_ADDRESS: '127.0.0.1',
  ERL_EPMD_PORT: String(ports.epmd),
  RABBITMQ_DIST_PORT: String(ports.distribution),
  // Stored messages belong to the node name, so a restart must use the same.
  RABBITMQ_NODENAME: 'serverless@localhost',
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
});

/** Starts a broker on 127.0.0.1; resolves when it accepts connections. */
export const startBroker = async (found: Found): Promise<BrokerProcess> => {
  const folder = makeFolder('rabbitmq');
  const ports = {
    amqp: await freePort(),
    management: await freePort(),
    distribution: await freePort(),
    epmd: await freePort(),
  };
  const ready = async (): Promise<boolean> => {
    const path = `/api/health/checks/port-listener/${ports.amqp}`;
    const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
    return (await send({ port: ports.management, path, headers: { authorization }, timeoutMs: 5000 })).status === 200;
  };
  const server = found.how === 'docker' ? inDocker(found.image, folder, ports) : asProcess(found, folder, ports);
  const resume = async (): Promise<void> => {
    await server.start(ready);
  };
  const stop = async (): Promise<void> => {
    // A graceful stop takes 6 s with the management API, and the data is no longer needed.
    await server.kill();
    await server.end();
    await removeFolder(folder);
  };
  await resume().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { amqpPort: ports.amqp, managementPort: ports.management, kill: () => server.kill(), resume, stop };
};

interface Server {
  start(ready: () => Promise<boolean>): Promise<void>;
  kill(): Promise<void>;
  /** Kills what a killed server leaves running. */
  end(): Promise<void>;
}

const asProcess = (found: Found, folder: string, ports: Ports): Server => {
  if (found.how !== 'binary') throw new Error('there is no RabbitMQ to start');
  const file = (name: string): string => join(folder, name);
  mkdirSync(file('log'));
  writeFileSync(file('rabbitmq.conf'), configuration(ports));
  writeFileSync(file('enabled_plugins'), '[rabbitmq_management].\n');
  writeFileSync(file('rabbitmq-env.conf'), '');
  const env: Record<string, string | undefined> = {
    // Settings of the machine's own broker must not reach ours.
    ...Object.fromEntries(
      Object.keys(process.env)
        .filter((name) => name.startsWith('RABBITMQ_') || name.startsWith('ERL_'))
        .map((name) => [name, undefined]),
    ),
    ...erlang(ports),
    HOME: folder, // Erlang's cookie
    RABBITMQ_MNESIA_BASE: file('data'),
    RABBITMQ_LOG_BASE: file('log'),
    RABBITMQ_SCHEMA_DIR: file('schema'),
    RABBITMQ_GENERATED_CONFIG_DIR: file('generated'),
    RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: file('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: file('rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
  };
  let epmd: Process | undefined;
  let broker: Process | undefined;
  return {
    start: async (ready) => {
      // In the foreground: the one that Erlang starts by default leaves our process group and outlives us.
      epmd ??= await Process.start('epmd', ['-port', String(ports.epmd), '-address', '127.0.0.1'], {
        logFile: file('log/epmd.log'),
      });
      // The script expects other scripts beside it, and does not resolve links.
      broker = await Process.start(realpathSync(found.path), [], { env, logFile: file('log/output.log') });
      await broker.becomes('RabbitMQ takes connections', ready, { timeoutMs: 60_000 });
    },
    kill: async () => {
      await broker?.stop('SIGKILL');
      broker = undefined;
    },
    end: async () => {
      await epmd?.stop('SIGKILL');
    },
  };
};

const inDocker = (image: string, folder: string, ports: Ports): Server => {
  // The image's entry point may switch to its own user.
  chmodSync(folder, 0o777);
  let container: Container | undefined;
  return {
    start: async (ready) => {
      container = await startContainer({
        image,
        env: { ...erlang(ports), RABBITMQ_MNESIA_BASE: folder },
        command: ['rabbitmq-server'],
        folders: [folder],
        files: { '/etc/rabbitmq/conf.d/99-test.conf': configuration(ports) },
      });
      await until('RabbitMQ takes connections', ready, { timeoutMs: 90_000 });
    },
    kill: async () => {
      await container?.stop(0);
      container = undefined;
    },
    end: () => Promise.resolve(),
  };
};
