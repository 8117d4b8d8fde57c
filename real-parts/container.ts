import type { StartedTestContainer } from 'testcontainers';
import { sleep } from './wait';

export interface ContainerOptions {
  readonly image: string;
  readonly env: Record<string, string>;
  readonly command: string[];
  /** Host folders, mounted at the same path. */
  readonly folders?: readonly string[];
  /** Path in the container -> content. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Container {
  /** Runs a command in it; if that fails, rejects with its output. */
  run(command: string[]): Promise<void>;
  log(): Promise<string>;
  /** Stops it; with 0 ms of grace it is killed. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a container on the host's network and as our own user, so that it differs from the binary only in where its files come from.
 * Loads testcontainers late: it is big, and most runs do not need it.
 */
export const startContainer = async (options: ContainerOptions): Promise<Container> => {
  const { GenericContainer } = await import('testcontainers');
  const folders = options.folders ?? [];
  const container: StartedTestContainer = await new GenericContainer(options.image)
    .withNetworkMode('host')
    .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    .withEnvironment(options.env)
    .withCommand(options.command)
    .withBindMounts(folders.map((folder) => ({ source: folder, target: folder, mode: 'rw' })))
    .withCopyContentToContainer(Object.entries(options.files ?? {}).map(([target, content]) => ({ target, content })))
    .start();
  return {
    run: async (command) => {
      const { exitCode, output } = await container.exec(command);
      if (exitCode !== 0) throw new Error(`${command.join(' ')}: exit ${exitCode}: ${output}`);
    },
    log: async () => {
      let text = '';
      let read: number;
      const stream = await container.logs();
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      // The stream stays open while the container runs: the log so far is complete once nothing more arrives.
      do {
        read = text.length;
        await sleep(200);
      } while (read < text.length);
      stream.destroy();
      return text;
    },
    stop: async (graceMs = 5000) => {
      await container.stop({ timeout: graceMs });
    },
  };
};
