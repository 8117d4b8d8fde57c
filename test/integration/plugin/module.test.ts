import fs from 'node:fs';
import { version } from '../../../package.json';
import type * as pluginModule from '../../../src/bin/plugin-module';
import { FakeKong } from '../../support/fake-kong';

jest.setTimeout(30_000);

const CONFIG = { backend: [{ target: '/kong', health: '', pubsub: 'pubsub', topic: 'topic' }] };

const before = process.env;
afterEach(() => {
  process.env = before;
  jest.restoreAllMocks();
});

type PluginModule = typeof pluginModule;

/** The module as a host loads it, with an environment. */
function load(env: Record<string, string> = {}): PluginModule {
  process.env = { ...before, SERVERLESS_LOG_LEVEL: 'silent', ...env };
  let loaded: PluginModule | undefined;
  jest.isolateModules(() => {
    loaded = jest.requireActual<PluginModule>('../../../src/bin/plugin-module');
  });
  return loaded!;
}

test('it exports what Kong reads about a plugin', () => {
  const { Name, Version, Priority, Schema } = load();
  expect([Name, Version, Priority]).toEqual(['serverless', version, 810]);
  expect(Schema.flatMap((field) => Object.keys(field))).toEqual(
    expect.arrayContaining(['backend', 'count', 'interval']),
  );
});

test('a process setting that is wrong refuses requests, and does not throw when an instance starts', async () => {
  // Its log goes to standard error, whose reader this test is not.
  jest.spyOn(fs, 'writeSync').mockImplementation((_fd, text: unknown) => String(text).length);
  const { Plugin } = load({ DAPR_HTTP_PORT: 'abc' });
  const kong = new FakeKong();
  await new Plugin(CONFIG).access(kong);
  expect(kong.problem).toMatchObject({ code: 'SERVERLESS_CONFIG_INVALID' });
  expect(kong.logged.join()).toMatch(/DAPR_HTTP_PORT.*"abc"/);
});

test('whoever asks the stock plugin server for traces is told who sends them', () => {
  const lines: string[] = [];
  jest
    .spyOn(fs, 'writeSync')
    .mockImplementation((_fd, text: unknown) => lines.push(String(text)) && String(text).length);
  const { Plugin } = load({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', SERVERLESS_LOG_LEVEL: 'warn' });
  new Plugin(CONFIG);
  expect(lines.join('')).toContain('no traces are sent: only dist/serverless sends them');
});

test('a process setting that is wrong does not disturb a dump', () => {
  expect(load({ DAPR_HTTP_PORT: 'abc' }).Name).toBe('serverless');
});

test('a phase is a promise, also where nothing had to be asked', async () => {
  const { Plugin } = load({ DAPR_HTTP_PORT: '1' });
  const instance = new Plugin(CONFIG);
  for (let request = 0; request < 2; request++) {
    const kong = new FakeKong({ path: '/elsewhere' });
    await expect(instance.access(kong)).resolves.toBeUndefined();
    expect(kong.exited).toBeUndefined();
  }
});
