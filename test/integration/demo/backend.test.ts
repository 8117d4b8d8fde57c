import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeFolder } from '../../../real-parts/guard';
import { type Answer, send } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { built } from './built';

const children: ChildProcess[] = [];

/** Starts a sample process and waits until it listens. */
async function start(args: string[], env: Record<string, string> = {}): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(built('backend.js'), args, { env: { HOST: '127.0.0.1', PORT: '0', ...env } });
  children.push(child);
  const port = await new Promise<number>((resolve) => {
    child.once('message', (message) => {
      resolve((message as { port: number }).port);
    });
  });
  return { child, port };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('the sample services', () => {
  test('a service answers JSON under its own path, with the name of its replica', async () => {
    const { port } = await start(['service', 'foo'], { HOSTNAME: 'foo-7' });
    const json = (answer: Answer): unknown => JSON.parse(answer.body);

    expect(json(await send({ port, path: '/foo' }))).toEqual({
      service: 'foo',
      method: 'GET',
      path: '/foo',
      replica: 'foo-7',
    });
    expect(json(await send({ port, path: '/foo/a?b=c' }))).toMatchObject({ path: '/foo/a' });
    expect((await send({ port, path: '/foo/healthz' })).status).toBe(200);
    expect((await send({ port, path: '/foobar' })).status).toBe(404);
  });

  test('a worker tells Dapr its topic and answers when a job is done', async () => {
    const { port } = await start(['worker'], { PUBSUB: 'jobs', TOPIC: 'mail', WORK_MS: '300' });
    const answer = await send({ port, path: '/dapr/subscribe' });
    const job = await send({ port, path: '/jobs', method: 'POST', body: '{}' });

    expect(JSON.parse(answer.body)).toEqual([{ pubsubname: 'jobs', topic: 'mail', route: '/jobs' }]);
    expect(job.status).toBe(200);
    expect(job.ms).toBeGreaterThan(290);
  });

  test('a boot time keeps it from listening', async () => {
    const before = Date.now();
    await start(['service', 'foo'], { BOOT_TIME_MS: '700' });

    expect(Date.now() - before).toBeGreaterThan(690);
  });

  test('SIGTERM lets a request in progress finish, and ends the process', async () => {
    const { child, port } = await start(['worker'], { WORK_MS: '500' });
    const job = send({ port, path: '/jobs', method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill('SIGTERM');

    expect((await job).status).toBe(200);
    await until('the process has ended', () => child.exitCode === 0);
  });

  test('it ends with the process that started it', async () => {
    const { child } = await start(['service', 'foo']);
    child.disconnect();

    expect(await until('the process has ended', () => child.exitCode !== null)).toBe(true);
  });

  test.each([
    [[], 'usage'],
    [['service'], 'name'],
    [['pages'], 'folder'],
  ])('%j is refused with a message', (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [built('backend.js'), ...args], { encoding: 'utf8' });

    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  describe('pages', () => {
    let folder: string;
    let port: number;

    beforeEach(async () => {
      folder = makeFolder('pages');
      mkdirSync(join(folder, 'root/kong'), { recursive: true });
      writeFileSync(join(folder, 'root/kong/index.html'), '<p>hello');
      writeFileSync(join(folder, 'secret.txt'), 'secret');
      symlinkSync(join(folder, 'secret.txt'), join(folder, 'root/link.txt'));
      ({ port } = await start(['pages', join(folder, 'root')]));
    });

    afterEach(() => removeFolder(folder));

    test('a folder is its index.html, with a redirect where the slash is missing', async () => {
      const page = await send({ port, path: '/kong/' });

      expect(page).toMatchObject({ status: 200, body: '<p>hello' });
      expect(page.headers['content-type']).toContain('text/html');
      expect(await send({ port, path: '/kong' })).toMatchObject({ status: 301, headers: { location: '/kong/' } });
      expect(await send({ port, path: '/kong/', method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    });

    test.each(['/nothing', '/../secret.txt', '/%2e%2e/secret.txt', '/link.txt', '/%'])(
      '%s is not there',
      async (path) => {
        expect((await send({ port, path })).status).toBe(404);
      },
    );

    test('only reading is allowed', async () => {
      expect((await send({ port, path: '/kong/', method: 'POST' })).status).toBe(405);
    });
  });
});
