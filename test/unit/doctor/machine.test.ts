import { clientAbort } from '../../../src/doctor/checks/client-abort';
import { connectionLimits } from '../../../src/doctor/checks/connection-limits';
import { listenBacklog } from '../../../src/doctor/checks/listen-backlog';
import { socketReadTimeout } from '../../../src/doctor/checks/socket-read-timeout';
import { type Given, says } from './surroundings';

const limits = (files: number | string): string =>
  `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${files}   1048576   files\n`;
const worker = (pid: number, files: number | string): Record<string, string> => ({
  [`/proc/${pid}/cmdline`]: 'nginx: worker process',
  [`/proc/${pid}/limits`]: limits(files),
});
const NGINX = '/kong_prefix/nginx.conf';

describe('connections', () => {
  const held = (maxHeld: number | undefined): NonNullable<Given['backends']> => [{ pubsub: 'a', topic: 'b', maxHeld }];
  test.each<[string, Given, string[]]>([
    ['no worker in sight', {}, ['skipped: No nginx worker is visible from here.']],
    [
      'enough files',
      { files: worker(7, 16384) },
      ['ok: 1 nginx workers with 16384 connections each can hold 8192 requests; 1000 are configured.'],
    ],
    [
      'too few files (K5)',
      { files: worker(7, 1024) },
      ['warning: 1 nginx workers with 1024 connections each can hold 512 requests, and 1000 are configured.'],
    ],
    [
      'two workers share the load',
      { files: { ...worker(7, 1024), ...worker(8, 1024) }, backends: held(1024) },
      ['ok: 2 nginx workers with 1024 connections each can hold 1024 requests; 1024 are configured.'],
    ],
    [
      'the workers of another Kong on the machine are not counted',
      {
        files: {
          ...worker(7, 1024),
          '/proc/7/status': 'Name:\tnginx\nPPid:\t6\n',
          ...worker(9, 16384),
          '/proc/9/status': 'Name:\tnginx\nPPid:\t8\n',
          '/kong_prefix/pids/nginx.pid': '6\n',
        },
      },
      ['warning: 1 nginx workers with 1024 connections each can hold 512 requests, and 1000 are configured.'],
    ],
    [
      'a Kong that has ended leaves its pid behind: none is its own',
      {
        files: {
          ...worker(9, 16384),
          '/proc/9/status': 'Name:\tnginx\nPPid:\t8\n',
          '/kong_prefix/pids/nginx.pid': '6\n',
        },
      },
      ['skipped: No nginx worker is visible from here.'],
    ],
    [
      "worker_connections of Kong's file",
      { files: { ...worker(7, 'unlimited'), [NGINX]: 'events {\n  worker_connections 1000;\n}\n' } },
      ['warning: 1 nginx workers with 1000 connections each can hold 500 requests, and 1000 are configured.'],
    ],
    [
      "Kong's environment",
      { files: worker(7, 'unlimited'), env: { KONG_NGINX_EVENTS_WORKER_CONNECTIONS: '100' }, backends: held(50) },
      ['ok: 1 nginx workers with 100 connections each can hold 50 requests; 50 are configured.'],
    ],
    [
      'limits that may not be read',
      { files: { '/proc/7/cmdline': 'nginx: worker process', '/proc/self/cmdline': 'x' } },
      ['ok: 1 nginx workers with 16384 connections each can hold 8192 requests; 1000 are configured.'],
    ],
    [
      'all backends together, within the bound of the process',
      {
        files: worker(7, 1024),
        backends: [...held(400), ...held(undefined)],
        options: { 'max-held': '600' },
      },
      ['warning: 1 nginx workers with 1024 connections each can hold 512 requests, and 600 are configured.'],
    ],
    [
      'the plugin server, one file for each held request',
      {
        files: {
          '/proc/9/cmdline': 'node\0/usr/local/bin/serverless\0serve\0',
          '/proc/9/limits': limits(256),
          '/proc/10/cmdline': 'node\0/usr/local/bin/serverless\0doctor\0',
          '/proc/10/limits': limits(1),
        },
      },
      [
        'skipped: No nginx worker is visible from here.',
        'warning: The plugin server (pid 9) may open 256 files, and 1000 held requests are configured.',
      ],
    ],
  ])('%s', async (_, given, expected) => {
    expect(await says(connectionLimits, given)).toEqual(expected);
  });
});

describe('clients that leave', () => {
  test.each<[string, Given, string]>([
    [
      'on in the file',
      { files: { '/kong_prefix/nginx-kong.conf': 'http {\n  lua_check_client_abort on;\n}' } },
      'warning: lua_check_client_abort is on.',
    ],
    ['on in the environment', { env: { KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT: 'on' } }, 'warning: '],
    ['off', { files: { [NGINX]: 'lua_check_client_abort off;' } }, 'ok: lua_check_client_abort is off.'],
    ['not there', { files: { [NGINX]: '# lua_check_client_abort on;\n' } }, 'ok: lua_check_client_abort is off.'],
    ['not to be seen', {}, "skipped: Kong's configuration is not in /kong_prefix."],
  ])('%s', async (_, given, expected) => {
    expect(await says(clientAbort, given)).toEqual([expect.stringContaining(expected)]);
  });
});

describe("Kong's patience with the plugin", () => {
  test.each([
    [undefined, 'ok: lua_socket_read_timeout is 60 s'],
    ['300s', 'ok: lua_socket_read_timeout is 300 s'],
    ['5m', 'ok: lua_socket_read_timeout is 300 s'],
    ['1h', 'ok: '],
    ['30000ms', 'warning: lua_socket_read_timeout is 30 s'],
    ['20', 'error: lua_socket_read_timeout is 20 s'],
    ['soon', 'warning: lua_socket_read_timeout is "soon", which is no time.'],
  ])('of %s', async (value, expected) => {
    const env = { KONG_NGINX_HTTP_LUA_SOCKET_READ_TIMEOUT: value };
    expect(await says(socketReadTimeout, { env })).toEqual([expect.stringContaining(expected)]);
  });
});

describe("the kernel's queue", () => {
  test.each<[Record<string, string>, string]>([
    [{ '/proc/sys/net/core/somaxconn': '4096\n' }, 'ok: net.core.somaxconn is 4096.'],
    [{ '/proc/sys/net/core/somaxconn': '128\n' }, 'warning: net.core.somaxconn is 128.'],
    [{}, 'skipped: '],
  ])('%j', async (files, expected) => {
    expect(await says(listenBacklog, { files })).toEqual([expect.stringContaining(expected)]);
  });
});
