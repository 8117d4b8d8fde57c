import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeFolder, projectRoot, removeFolder } from '../../../real-parts/guard';
import { sendMany, tally } from '../../../real-parts/http';
import { freePort } from '../../../real-parts/ports';
import { until } from '../../../real-parts/wait';
import { objectIn } from '../../unit/manifests/documents';
import { stopAll } from '../../support/suite';
import { built } from './built';
import { DemoRig } from './demo-rig';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const coldStarts = (demo: DemoRig, topic: string): number =>
  demo.texts.filter((text) => text === `published to ${topic}: cold-start`).length;

describe('the demo', () => {
  let demo: DemoRig;

  beforeAll(async () => {
    demo = await DemoRig.start(['--fast', '--boot-time', '0.5']);
  }, 90_000);

  afterAll(
    stopAll(() => [demo]),
    30_000,
  );

  test('the first request to a sleeping service gets its page', async () => {
    const { data } = objectIn('sample/consumer/configmap.yaml', 'ConfigMap', 'contents') as { data?: object };
    const page = (data as Record<string, string>)['index.html'];
    const answer = await demo.get('/kong/');

    expect(answer).toMatchObject({ status: 200, body: page });
    expect(Number(answer.headers['x-serverless-cold-start'])).toBeGreaterThan(400);
    expect(demo.texts).toContain('consumer: 0 -> 1 replicas (KEDA, 1 message)');
  }, 30_000);

  test('it was sent to the replica itself, before the gateway knew of it', async () => {
    const coldStart = await until('the page is told', async () => {
      const { backends } = await demo.tick();
      return backends.find(({ name }) => name === 'consumer')?.coldStarts[0];
    });
    expect(coldStart).toMatchObject({ lane: 'address', addressMs: expect.any(Number) });
  });

  test('500 requests at once to a sleeping service are all answered, after one cold-start message', async () => {
    const answers = await sendMany(500, { port: demo.port, path: '/foo' });

    expect(tally(answers)).toEqual({ '200': 500 });
    await demo.says('GET /foo 200 x ');
    expect(coldStarts(demo, 'foo')).toBe(1);
  }, 60_000);

  test('without Dapr a request is refused with the reason, and with it again it is answered', async () => {
    expect((await demo.press('dapr')).body).toBe('Dapr is stopped\n');
    const refused = await demo.get('/bar');
    const problem = JSON.parse(refused.body) as Record<string, unknown>;
    await demo.press('dapr');

    expect(refused.status).toBe(503);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(problem).toMatchObject({ code: expect.stringMatching(/^SERVERLESS_/), backend: '/bar' });
    expect(problem['lastPublish']).toBeDefined();
    expect((await demo.get('/bar')).status).toBe(200);
  }, 90_000);

  test('a service without requests scales back to zero processes', async () => {
    await demo.says('consumer: 1 -> 0 replicas', 40_000);
    await until('no process', async () => {
      const { backends } = await demo.tick();
      return backends.find(({ name }) => name === 'consumer')?.replicas.length === 0;
    });

    expect(demo.texts).toContain('consumer: 1 -> 0 replicas (no message for 5 s)');
  }, 60_000);

  test('a worker takes the jobs from its queue', async () => {
    expect((await demo.press('jobs', 'worker', 3)).status).toBe(200);
    await demo.says('worker: 0 -> 1 replicas');
    await until(
      'the queue is empty',
      async () => (await demo.tick()).backends.some(({ name, depth }) => name === 'worker' && depth === 0),
      { timeoutMs: 30_000 },
    );
    await demo.says('worker: 1 -> 0 replicas');

    expect(demo.texts.filter((text) => text.includes('worker: 0 -> '))).toHaveLength(1);
  }, 90_000);

  test('a plugin server that is killed is started again, and requests are answered', async () => {
    const pid = Number((await demo.tick()).infrastructure.plugin.replace('pid ', ''));
    process.kill(pid, 'SIGKILL');
    await demo.says('the plugin server has ended (SIGKILL)');
    await until('another one runs', async () => {
      const { plugin } = (await demo.tick()).infrastructure;
      return plugin !== `pid ${pid}` && plugin !== 'pid none';
    });
    await until('it knows its backends', async () => (await demo.get('/bar')).status === 200, { timeoutMs: 30_000 });

    expect((await demo.get('/bar')).body).toContain('"service":"bar"');
  }, 60_000);

  test('a button that makes no sense says so', async () => {
    expect(await demo.press('send', 'worker')).toMatchObject({ status: 409, body: 'no Ingress leads to worker\n' });
    expect(await demo.press('kill', 'nobody')).toMatchObject({ status: 409, body: 'no backend nobody\n' });
    expect(await demo.press('jobs', 'foo')).toMatchObject({ status: 409, body: 'foo takes no jobs\n' });
  });
});

describe('the end of the demo', () => {
  let folder: string;
  let demo: DemoRig;

  beforeEach(() => {
    folder = makeFolder('end');
  });

  afterEach(stopAll(() => [demo]));
  afterEach(() => removeFolder(folder));

  /** Starts a demo with one replica. Returns the processes that it has started. */
  const startAwake = async (): Promise<number[]> => {
    demo = await DemoRig.start(['--boot-time', '0.1'], { TMPDIR: folder });
    await demo.get('/foo');
    const { backends, infrastructure } = await demo.tick();
    return [
      Number(infrastructure.plugin.replace('pid ', '')),
      ...backends.flatMap(({ replicas }) => replicas.map(({ pid }) => pid ?? 0)),
    ];
  };

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'after %s no process, port or file is left',
    async (signal) => {
      const pids = await startAwake();
      const { port } = demo;

      expect(pids).toHaveLength(2);
      expect(await demo.stop(signal)).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
      await expect(demo.get('/')).rejects.toThrow(`ECONNREFUSED 127.0.0.1:${port}`);
    },
    60_000,
  );

  test('killed, it takes its processes with it', async () => {
    const pids = await startAwake();
    await demo.stop('SIGKILL');

    expect(await until('no process is left', () => !pids.some(isAlive))).toBe(true);
    expect(await until('no file is left', () => readdirSync(folder).length === 0)).toBe(true);
  }, 60_000);
});

describe('a demo that cannot start', () => {
  const run = (args: string[]) =>
    spawnSync(process.execPath, [built('demo.js'), ...args], { encoding: 'utf8', timeout: 30_000 });

  test('a port that is taken is named, with the option that chooses another', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const { status, stderr } = run(['--port', String(port)]);
    server.close();

    expect(status).toBe(1);
    expect(stderr).toBe(`demo: port ${port} is taken: choose another one with --port\n`);
  });

  test('an unknown option is named', () => {
    const { status, stderr } = run(['--colour']);

    expect(status).toBe(2);
    expect(stderr).toContain('--colour');
  });

  test('a manifest that it cannot honour is named with file, document and field', async () => {
    // Manifests are named relative to the repository.
    const folder = join(projectRoot, 'coverage', `manifests-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    cpSync(join(projectRoot, 'sample/foo'), join(folder, 'foo'), { recursive: true });
    const file = join(folder, 'foo/backend.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('image: kong-serverless-sample', 'image: postgres'));
    const { status, stderr } = run(['--port', '0', `coverage/manifests-${process.pid}/foo`]);
    await removeFolder(folder);

    expect(status).toBe(1);
    expect(stderr).toContain(
      'foo/backend.yaml: Deployment kong/foo, spec.template.spec.containers[0].image: the demo has no process',
    );
  });

  test('--help lists every option', () => {
    const { status, stdout } = run(['--help']);

    expect(status).toBe(0);
    for (const option of [
      'port',
      'boot-time',
      'fast',
      'scale-in-window',
      'quiet',
      'json',
      'kong',
      'rabbitmq',
      'dapr',
    ]) {
      expect(stdout).toContain(`--${option}`);
    }
  });
});
