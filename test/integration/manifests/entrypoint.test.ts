import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../unit/manifests/documents';

/** What the image has at fixed places, in a folder: Kong's entry point prints how it was called, the plugin server is a stand-in. */
class Image {
  readonly folder = mkdtempSync(join(tmpdir(), 'serverless-entrypoint-'));
  readonly prefix = join(this.folder, 'prefix');
  readonly #entrypoint = join(this.folder, 'entrypoint.sh');

  constructor(server: string) {
    mkdirSync(join(this.folder, 'bin'));
    mkdirSync(this.prefix);
    const text = readFileSync(join(root, 'docker/entrypoint.sh'), 'utf8')
      .replaceAll('/docker-entrypoint.sh', join(this.folder, 'kong.sh'))
      .replaceAll('/usr/local/lib/serverless', join(root, 'docker'));
    this.#executable(this.#entrypoint, text);
    this.#executable(
      join(this.folder, 'kong.sh'),
      // Listens there is what Kong's first request depends on; what it was given is printed; it ends when told to.
      `#!/bin/sh\nnode ${join(root, 'docker/listening.js')} "$KONG_PLUGINSERVER_SERVERLESS_SOCKET" 2>&1 && echo listening\n` +
        'echo "pid=$$"; echo "args=$*"; env | grep -E "^KONG_"; exit 7\n',
    );
    this.#executable(join(this.folder, 'bin/serverless'), `#!${process.execPath}\n${server}`);
  }

  #executable(file: string, text: string): void {
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }

  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(this.#entrypoint, args, {
      env: {
        PATH: `${join(this.folder, 'bin')}:${join(process.execPath, '..')}:/usr/bin:/bin`,
        KONG_PREFIX: `${this.prefix}/`,
        ...env,
      },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    // The plugin server outlives Kong here, as it does in the container until that ends; its own end closes the pipes.
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, output, pid: child.pid };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Listens late, on the socket that it is told, and ends a second after. */
const LATE = `setTimeout(() => require('node:net').createServer((s) => s.on('error', () => {})).listen(process.argv[4]).unref(), 300);
setTimeout(() => {}, 2000);`;

describe("the image's entry point", () => {
  let image: Image;
  afterEach(() => {
    image.remove();
  });

  test('becomes Kong once the plugin server listens, with the socket in the prefix', async () => {
    image = new Image(LATE);
    const { code, output, pid } = await image.run(['kong', 'docker-start', '--vv']);
    const socket = join(image.prefix, 'serverless.socket');
    expect(output).toContain('listening\n');
    // The same process, the same arguments, the same exit code: Kong's signals and status are Kong's.
    expect(output).toContain(`pid=${pid}\n`);
    expect(output).toContain('args=kong docker-start --vv\n');
    expect(code).toBe(7);
    expect(output).toContain(`KONG_PLUGINSERVER_SERVERLESS_SOCKET=${socket}\n`);
    expect(output).toContain(
      `KONG_PLUGINSERVER_SERVERLESS_START_CMD=/usr/local/bin/serverless serve --socket ${socket}\n`,
    );
  });

  test("lets the one that Kong starts see the container's settings, and keeps what was there", async () => {
    image = new Image(LATE);
    const settings = {
      ...{ SERVERLESS_LOG_LEVEL: 'warn', DAPR_API_TOKEN: 'secret', KONG_NGINX_MAIN_ENV: 'MINE' },
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    };
    const { output } = await image.run(['kong', 'docker-start'], settings);
    const directives = /^KONG_NGINX_MAIN_ENV=(.*)$/m.exec(output)![1]!.split('; env ');
    expect(new Set(directives)).toEqual(
      new Set(['MINE', 'PATH', 'SERVERLESS_LOG_LEVEL', 'DAPR_API_TOKEN', 'OTEL_EXPORTER_OTLP_ENDPOINT']),
    );
    expect(output).not.toContain('secret');
  });

  test('does not start Kong when the plugin server cannot start, and ends with its code', async () => {
    image = new Image('console.error("SERVERLESS_LOG_LEVEL: bad"); process.exit(2)');
    const { code, output } = await image.run(['kong', 'docker-start']);
    expect(code).toBe(2);
    expect(output).toContain('SERVERLESS_LOG_LEVEL: bad');
    expect(output).not.toContain('args=');
  });

  test('waits for a server, not for the file that a dead one left', async () => {
    image = new Image(LATE.replace('.listen(', '.listen(require("node:fs").rmSync(process.argv[4]) ?? '));
    const socket = join(image.prefix, 'serverless.socket');
    writeFileSync(socket, '');
    const { output } = await image.run(['kong', 'docker-start']);
    expect(output).toContain('listening\n');
  });

  test('starts nothing for any other command', async () => {
    image = new Image('console.log("server"); process.exit(0)');
    const { output, code } = await image.run(['kong', 'version']);
    expect(output).toContain('args=kong version\n');
    expect(output).not.toContain('server\n');
    expect(code).toBe(7);
  });
});
