import { join } from 'node:path';
import { findPart, type PartName } from './find';
import { makeFolder, removeFolder } from './guard';
import { connects, freePort } from './ports';
import { Process } from './processes';

/** A server that stands for a broker, on a port of its own of all addresses, until it is stopped. */
export interface BrokerServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Of the Redis that a test starts. */
export const REDIS_PASSWORD = 'of-a-test';

const ARGUMENTS: Readonly<Record<'redis' | 'moto' | 'pubsub', (port: string) => string[]>> = {
  redis: (port) => [
    ...['--port', port, '--bind', '0.0.0.0', '--requirepass', REDIS_PASSWORD],
    ...['--save', '', '--appendonly', 'no'],
  ],
  moto: (port) => ['--host', '0.0.0.0', '--port', port],
  pubsub: (port) => [port],
};

/** Starts Redis, moto's SNS and SQS, or Google's Pub/Sub as its own tests play it. Resolves when it takes connections. */
export const startServer = async (name: Extract<PartName, 'redis' | 'moto' | 'pubsub'>): Promise<BrokerServer> => {
  const found = findPart(name);
  if (found.how !== 'binary') throw new Error(found.how === 'missing' ? found.why : `${name} is no program`);
  const folder = makeFolder(name);
  const port = await freePort();
  const server = await Process.start(found.path, ARGUMENTS[name](String(port)), {
    logFile: join(folder, 'log'),
    cwd: folder,
  });
  const stop = async (): Promise<void> => {
    await server.stop('SIGTERM', 3000);
    await removeFolder(folder);
  };
  try {
    await server.becomes(`${name} takes connections`, () => connects(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
};
