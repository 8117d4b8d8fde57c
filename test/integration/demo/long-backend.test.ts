import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { send } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { WebSocketClient } from '../../support/web-socket';
import { built } from './built';

let child: ChildProcess;
let port: number;

beforeEach(async () => {
  child = fork(built('backend.js'), ['service', 'foo'], { env: { HOST: '127.0.0.1', PORT: '0', HOSTNAME: 'foo-7' } });
  [{ port }] = (await once(child, 'message')) as [{ port: number }];
});
afterEach(() => {
  child.kill('SIGKILL');
});

const ended = (): Promise<boolean> => until('the process has ended', () => child.exitCode === 0, { timeoutMs: 5000 });
const open = (path = '/foo/socket', headers = {}): Promise<WebSocketClient> =>
  WebSocketClient.open({ port, path, headers });

describe('long answers', () => {
  test('a download has a line a second, and a last line', async () => {
    const { body, headers } = await send({ port, path: '/foo/download?seconds=2' });
    expect(body).toBe('1 of 2\n2 of 2\nthe end\n');
    expect(headers).toMatchObject({ 'transfer-encoding': 'chunked', 'x-replica': 'foo-7' });
  });

  test('events are server-sent events, as often as asked for', async () => {
    const { body, headers } = await send({ port, path: '/foo/events?seconds=3&every=2' });
    expect(body).toBe('id: 2\ndata: 2 of 3\n\nevent: end\ndata: the end\n\n');
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  });

  test.each(['download?seconds=-1', 'download?seconds=1e3', 'events?every=0', 'events?seconds=86401'])(
    '%s is not taken',
    async (path) => {
      expect((await send({ port, path: `/foo/${path}` })).status).toBe(400);
    },
  );

  test('only GET takes long', async () => {
    expect((await send({ port, path: '/foo/download', method: 'POST' })).body).toContain('"method":"POST"');
  });
});

describe('the WebSocket', () => {
  const expectEcho = async (client: WebSocketClient, text: string): Promise<void> => {
    const count = client.texts.length;
    client.send(text);
    await until('it is echoed', () => client.texts.length > count);
    expect(client.texts.at(-1) === text).toBe(true);
  };

  test.each([0, 125, 126, 65_535, 65_536])('echoes a text of %i bytes', async (length) => {
    await expectEcho(await open(), 'x'.repeat(length));
  });

  test('takes frames as they come, in pieces and several at once', async () => {
    const client = await open();
    const [a, b, c] = ['a', 'bb', 'ccc'].map((text) => WebSocketClient.frame(1, text)) as [Buffer, Buffer, Buffer];
    for (const byte of a) {
      client.connection.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    client.connection.write(Buffer.concat([b, c]));
    await until('all are echoed', () => client.texts.length === 3);
    expect(client.texts).toEqual(['a', 'bb', 'ccc']);
  });

  test('answers a ping, and a close', async () => {
    const client = await open();
    client.connection.write(WebSocketClient.frame(9, 'are you there'));
    client.connection.write(WebSocketClient.frame(10, 'I am'));
    await until('the pong is there', () => client.pongs.length === 1);
    expect(client.pongs).toEqual(['are you there']);
    client.close();
    await until('it is closed', () => client.isClosed);
    expect(client.closeCode).toBe(1000);
  });

  test.each([
    ['a text of more than 64 kB', WebSocketClient.frame(1, 'x'.repeat(65_537)), 1009],
    ['binary data', WebSocketClient.frame(2, 'x'), 1003],
    ['a fragment', WebSocketClient.frame(1, 'x', 0x01), 1003],
    ['a bit of an extension', WebSocketClient.frame(1, 'x', 0xc1), 1002],
    ['a frame without a mask', Buffer.from([0x81, 0x01, 0x78]), 1002],
  ])('is closed, with the reason, by %s', async (_, frame, code) => {
    const client = await open();
    client.connection.write(frame);
    await until('it is closed', () => client.isClosed);
    expect(client.closeCode).toBe(code);
  });

  test.each([
    ['under another path', '/foo/other', {}, '404'],
    ['of another version', '/foo/socket', { 'Sec-WebSocket-Version': '8' }, '426'],
    ['of another protocol', '/foo/socket', { Upgrade: 'h2c' }, '400'],
  ])('is not opened %s', async (_, path, headers, status) => {
    await expect(open(path, headers)).rejects.toThrow(status);
  });

  test('a client that is gone without a word ends nothing but itself', async () => {
    const client = await open();
    client.connection.destroy();
    await expectEcho(await open(), 'still there');
  });
});

describe('SIGTERM', () => {
  test.each(['download?seconds=2', 'events?seconds=2'])(
    '%s goes on to its last line, and then the process ends',
    async (path) => {
      const agent = new Agent({ keepAlive: true });
      const answer = send({ port, path: `/foo/${path}`, agent });
      // On the same server, so it has taken the first one too.
      await send({ port, path: '/foo/healthz', agent });
      child.kill('SIGTERM');
      expect((await answer).body).toMatch(/the end\n+$/);
      await ended();
      agent.destroy();
    },
  );

  test('a WebSocket goes on until its client closes it, and then the process ends', async () => {
    const client = await open();
    child.kill('SIGTERM');
    await until('nobody else is let in', async () => !(await send({ port, path: '/foo' }).then(Boolean, () => false)));
    client.send('still there');
    await until('it is echoed', () => client.texts.length === 1);
    expect(child.exitCode).toBeNull();
    client.close();
    await ended();
  });
});
