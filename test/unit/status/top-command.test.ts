import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { processTerminal, runTop, type Terminal } from '../../../src/status/top-command';
import { until } from '../server/server-rig';
import { status } from './example-status';

class Io {
  out = '';
  err = '';
  readonly env: Record<string, string> = {};

  stdout(text: string): void {
    this.out += text;
  }

  stderr(text: string): void {
    this.err += text;
  }
}

const noTerminal: Terminal = {
  isTerminal: false,
  size: () => ({ columns: 80, rows: 24 }),
  onQuit: () => () => undefined,
};

describe('serverless top', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  beforeAll(async () => {
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.body)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    answer = { status: 200, body: JSON.stringify(status()) };
  });
  afterAll(() => server.close());

  test('prints once where there is no terminal', async () => {
    const io = new Io();
    expect(await runTop(['--url', `${url}/status`], io, noTerminal)).toBe(0);
    expect(io.out).toContain(`${url}  active`);
    expect(io.out).toContain('/foo');
    expect(io.out).not.toContain('\u001B');
  });

  test('says what to do about a node that does not answer, or not as it should', async () => {
    const io = new Io();
    expect(await runTop(['--once', '--url', 'http://127.0.0.1:1', '--url', url], io, noTerminal)).toBe(1);
    expect(io.out).toMatch(/127\.0\.0\.1:1 {2}ECONNREFUSED: is the plugin server running/);
    expect(io.out).toContain('/foo');
    for (const [given, said] of [
      [{ status: 404, body: '' }, 'answers 404: is this the status listener'],
      [{ status: 200, body: 'hello' }, 'does not answer as the status listener does'],
    ] as const) {
      answer = given;
      const other = new Io();
      expect(await runTop(['--once', '--url', url], other, noTerminal)).toBe(1);
      expect(other.out).toContain(said);
    }
  });

  test('on a terminal it goes on until its user ends it, and puts the screen back', async () => {
    const io = new Io();
    let quit = (): void => undefined;
    let released = false;
    const terminal: Terminal = {
      isTerminal: true,
      size: () => ({ columns: 80, rows: 24 }),
      onQuit: (callback) => {
        quit = callback;
        return () => (released = true);
      },
    };
    const ended = runTop(['--url', url], io, terminal);
    await until(() => io.out.includes('/foo'));
    quit();
    expect(await ended).toBe(0);
    expect(io.out.startsWith('\u001B[?1049h')).toBe(true);
    expect(io.out.endsWith('\u001B[?1049l')).toBe(true);
    expect(released).toBe(true);
  });

  test('a word, an option and a URL that make no sense are usage errors', async () => {
    for (const [argv, said] of [
      [['now'], "Unknown argument 'now'"],
      [['--fast'], '--fast'],
      [['--url', 'gateway'], "--url: 'gateway' is no URL such as http://127.0.0.1:9542"],
    ] as const) {
      const io = new Io();
      expect(await runTop(argv, io, noTerminal)).toBe(2);
      expect(io.err).toContain(said);
    }
  });

  test('--help', async () => {
    const io = new Io();
    expect(await runTop(['--help'], io, noTerminal)).toBe(0);
    expect(io.out).toContain('--once');
  });
});

describe('the terminal of this process', () => {
  const { stdin } = process;
  const setRawMode = jest.fn();
  const saved = { isTTY: stdin.isTTY, setRawMode: Object.getOwnPropertyDescriptor(stdin, 'setRawMode') };
  beforeEach(() => {
    setRawMode.mockClear();
    Object.assign(stdin, { isTTY: true, setRawMode });
  });
  afterEach(() => {
    Object.assign(stdin, { isTTY: saved.isTTY });
    if (saved.setRawMode === undefined) Reflect.deleteProperty(stdin, 'setRawMode');
    else Object.defineProperty(stdin, 'setRawMode', saved.setRawMode);
  });

  test.each([
    ['q', 1],
    ['\u0003', 1],
    ['x', 0],
  ])('the key %j ends it so many times: %d; the keyboard is given back', (key, times) => {
    const quit = jest.fn();
    const release = processTerminal.onQuit(quit);
    expect(setRawMode).toHaveBeenLastCalledWith(true);
    stdin.emit('data', Buffer.from(key));
    expect(quit).toHaveBeenCalledTimes(times);
    release();
    expect(setRawMode).toHaveBeenLastCalledWith(false);
    stdin.emit('data', Buffer.from('q'));
    expect(quit).toHaveBeenCalledTimes(times);
  });

  test('has a size, whatever it is', () => {
    expect(processTerminal.size().columns).toBeGreaterThan(0);
    expect([true, false, undefined]).toContain(processTerminal.isTerminal);
  });
});
