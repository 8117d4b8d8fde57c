import { main } from '../../../src/bin/main';
import { readCommand } from '../../../src/bin/read-command';

const read = (...argv: string[]) => readCommand(argv, {});

describe('the command line', () => {
  test('nothing at all serves on Kong’s default socket (K19)', () => {
    expect(read()).toMatchObject({ kind: 'serve', socketPath: '/usr/local/kong/serverless.socket' });
    expect(read('serve')).toEqual(read());
  });

  test.each([
    [['-kong-prefix', '/kong_prefix/']],
    [['--kong-prefix', '/kong_prefix/']],
    [['serve', '-kong-prefix=/kong_prefix']],
    [['--socket', '/kong_prefix/serverless.socket', '-kong-prefix', '/other']],
  ])('%p serves on a socket in the prefix that Kong names (K19)', (argv) => {
    expect(read(...argv)).toMatchObject({ kind: 'serve', socketPath: '/kong_prefix/serverless.socket' });
  });

  test.each([
    [[], { KONG_PREFIX: '/kong_prefix' }],
    [[], { KONG_PREFIX: '/other', KONG_PLUGINSERVER_SERVERLESS_SOCKET: '/kong_prefix/serverless.socket' }],
    // As Kong starts it, which connects to the socket that it was told all the same.
    [['-kong-prefix', '/other'], { KONG_PLUGINSERVER_SERVERLESS_SOCKET: '/kong_prefix/serverless.socket' }],
    [['--socket', '/kong_prefix/serverless.socket'], { KONG_PLUGINSERVER_SERVERLESS_SOCKET: '/other' }],
  ])('%p with %p serves where Kong’s own settings say', (argv, env) => {
    expect(readCommand(argv, env)).toMatchObject({ kind: 'serve', socketPath: '/kong_prefix/serverless.socket' });
  });

  test.each([[['-dump']], [['--dump']], [['-dump', '-kong-prefix', '/x']], [['-kong-prefix', '/x', '-dump']]])(
    '%p dumps (K18)',
    (argv) => {
      expect(read(...argv)).toEqual({ kind: 'dump' });
    },
  );

  test.each([
    ['-h', 'help'],
    ['--help', 'help'],
    ['-help', 'help'],
    ['-v', 'version'],
    ['--version', 'version'],
  ])('%s asks for %s', (argument, kind) => {
    expect(read(argument)).toEqual({ kind });
  });

  test.each([
    [['--frobnicate'], '--frobnicate'],
    [['-frobnicate'], '--frobnicate'],
    [['-x'], '-x'],
    [['start'], 'start'],
    [['serve', 'now'], 'now'],
    [['--socket'], '--socket'],
    [['--dump=yes'], '--dump'],
  ])('%p is an error that names it', (argv, named) => {
    expect(read(...argv)).toEqual({ kind: 'invalid', problems: [expect.stringContaining(named)] });
  });

  test.each(['check', 'doctor'])('%s has options of its own', (kind) => {
    expect(read(kind, '-output', 'json', 'file')).toEqual({ kind, argv: ['--output', 'json', 'file'] });
  });

  test('settings come from options and, where there is none, from the environment (K17)', () => {
    const env = {
      SERVERLESS_LOG_LEVEL: 'warn',
      SERVERLESS_GATEWAY_URL: 'http://10.0.0.1:80',
      DAPR_API_TOKEN: 'secret',
    };
    expect(readCommand(['-log-level', 'debug', '--status-listen=off', '--max-held', '7'], env)).toMatchObject({
      settings: {
        logLevel: 'debug',
        gatewayUrl: 'http://10.0.0.1',
        statusListen: 'off',
        maxHeld: 7,
        daprToken: 'secret',
      },
    });
  });

  test('every setting that is wrong is named, with its value', () => {
    expect(read('--log-level', 'loud', '--max-held=-1')).toEqual({
      kind: 'invalid',
      problems: [expect.stringContaining('loud'), expect.stringContaining('-1')],
    });
  });
});

describe('what is printed', () => {
  const printed = { stdout: '', stderr: '' };
  const run = (argv: string[], env: Record<string, string> = {}): Promise<number> => {
    Object.assign(printed, { stdout: '', stderr: '' });
    const io = {
      stdout: (text: string) => void (printed.stdout += text),
      stderr: (text: string) => void (printed.stderr += text),
      env,
    };
    return main(argv, io);
  };

  test('-dump is a JSON array of one plugin, and nothing else (K18, K19)', async () => {
    expect(await run(['-dump'])).toBe(0);
    expect(printed.stderr).toBe('');
    expect(JSON.parse(printed.stdout)).toEqual([
      {
        Name: 'serverless',
        Version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        Phases: ['access'],
        Priority: expect.any(Number),
        Schema: { name: 'serverless', fields: [{ config: { type: 'record', fields: expect.any(Array) } }] },
      },
    ]);
  });

  test('-dump does not care about settings: Kong asks before anything is set up', async () => {
    expect(await run(['-dump'], { SERVERLESS_LOG_LEVEL: 'loud' })).toBe(0);
    expect(JSON.parse(printed.stdout)).toHaveLength(1);
  });

  test('--help names every option, the environment variable and the default', async () => {
    expect(await run(['--help'])).toBe(0);
    for (const word of ['-dump', '--kong-prefix', '--socket', '--gateway-url', 'SERVERLESS_GATEWAY_URL', '9542']) {
      expect(printed.stdout).toContain(word);
    }
  });

  test('--version is the package’s', async () => {
    expect(await run(['--version'])).toBe(0);
    expect(printed.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('what is invalid goes to standard error, with exit code 2', async () => {
    expect(await run(['--log-level', 'loud', '--status-listen', 'nowhere'])).toBe(2);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).toContain('loud');
    expect(printed.stderr).toContain('nowhere');
    expect(printed.stderr).toContain('--help');
  });
});
