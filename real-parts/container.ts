import type { StartedTestContainer } from 'testcontainers';
import { sleep } from './wait';

export interface ContainerOptions {
  readonly image: string;
  readonly env: Record<string, string>;
  readonly command: string[];
  /** Folders of this machine that the container finds under the same path. */
  readonly folders?: readonly string[];
  /** Path in the container -> text. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Container {
  /** Runs a command in it; rejects with what it wrote when it fails. */
  run(command: string[]): Promise<void>;
  log(): Promise<string>;
  /** Ends it. With 0 ms of grace it gets no chance to say goodbye. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a container that shares this machine's network and runs as our own user, so that it differs from the binary in nothing
 * but where the files come from. Loaded late: testcontainers is big, and most runs need none of it.
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
      // It goes on for as long as the container runs: what is there by now has come when nothing comes any more.
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
