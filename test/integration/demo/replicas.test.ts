import { systemClock } from '../../../demo/clock';
import { Journal } from '../../../demo/journal';
import { Deployment } from '../../../demo/replicas/deployment';
import type { Workload } from '../../../demo/manifests/workload';
import { send } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { built } from './built';

const workload: Workload = {
  name: 'foo',
  labels: {},
  replicas: 1,
  process: { args: ['service', 'foo'], env: {}, files: new Map() },
  ports: [5000],
  readiness: {
    ...{ path: '/foo/healthz', initialDelayMs: 0, periodMs: 50, timeoutMs: 1000, successes: 1, failures: 3 },
  },
  gracePeriodMs: 5000,
  preStopMs: 0,
  dapr: undefined,
};

const deployments: Deployment[] = [];

function deploy(
  changes: Partial<Workload> = {},
  args = ['service', 'foo'],
): { deployment: Deployment; texts: string[] } {
  const texts: string[] = [];
  const journal = new Journal(systemClock);
  journal.on('entry', ({ text }) => texts.push(text));
  const options = { program: built('backend.js'), args, bootMs: undefined };
  const deployment = new Deployment({ ...workload, ...changes }, options, systemClock, journal, () => undefined);
  deployments.push(deployment);
  return { deployment, texts };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

afterEach(async () => {
  await Promise.all(deployments.splice(0).map((deployment) => deployment.close()));
});

describe('a Deployment', () => {
  test('each replica is a process of its own, and an endpoint once its readiness probe has passed', async () => {
    const { deployment } = deploy();
    deployment.scale(2);

    expect(deployment.endpoints()).toEqual([]);
    await until('two endpoints', () => deployment.endpoints().length === 2);
    const answers = await Promise.all(
      deployment.endpoints().map((endpoint) => send({ port: Number(endpoint.split(':')[1]), path: '/foo' })),
    );
    expect(answers.map(({ body }) => (JSON.parse(body) as { replica: string }).replica).sort()).toEqual([
      'foo-1',
      'foo-2',
    ]);
    expect(new Set(deployment.replicas.map(({ pid }) => pid)).size).toBe(2);
  });

  test('scaled to zero it has no endpoint at once, and no process when that has ended', async () => {
    const { deployment } = deploy({ preStopMs: 300 });
    deployment.scale(1);
    await until('an endpoint', () => deployment.endpoints().length === 1);
    const pid = deployment.replicas[0]?.pid ?? 0;
    deployment.scale(0);

    expect(deployment.endpoints()).toEqual([]);
    expect(isAlive(pid)).toBe(true);
    await until('no process', () => deployment.replicas.length === 0 && !isAlive(pid));
  });

  test('a preStop hook does not make the grace period longer', async () => {
    const { deployment } = deploy({ preStopMs: 60_000, gracePeriodMs: 300 });
    deployment.scale(1);
    await until('an endpoint', () => deployment.endpoints().length === 1);
    const pid = deployment.replicas[0]?.pid ?? 0;
    deployment.scale(0);

    expect(isAlive(pid)).toBe(true);
    expect(await until('no process', () => deployment.replicas.length === 0 && !isAlive(pid))).toBe(true);
  });

  test('a replica that is killed is replaced', async () => {
    const { deployment, texts } = deploy();
    deployment.scale(1);
    await until('an endpoint', () => deployment.endpoints().length === 1);

    expect(await deployment.killOne()).toBe('foo-1');
    expect(deployment.endpoints()).toEqual([]);
    await until('another endpoint', () => deployment.endpoints().length === 1);
    expect(deployment.replicas.map(({ name }) => name)).toEqual(['foo-2']);
    expect(texts).toContain('foo-1 has ended (SIGKILL); another one starts');
  });

  test('one that ends again and again is started again, but not at once', async () => {
    const { deployment, texts } = deploy({}, ['no-such-app']);
    deployment.scale(1);

    await until('the back-off', () => texts.some((text) => text.includes('another one starts in 10 s')));
    expect(texts.filter((text) => text.includes(' starts (pid'))).toHaveLength(2);
  });

  test('the probe fails: no endpoint, although the process listens', async () => {
    const readiness = { ...workload.readiness, path: '/nothing' } as Workload['readiness'];
    const { deployment } = deploy({ readiness });
    deployment.scale(1);
    await new Promise((resolve) => setTimeout(resolve, 500));

    expect(deployment.endpoints()).toEqual([]);
    expect(deployment.replicas[0]?.phase).toBe('starting');
  });

  test('surplus replicas that are not ready go first', async () => {
    const { deployment } = deploy();
    deployment.scale(1);
    await until('an endpoint', () => deployment.endpoints().length === 1);
    deployment.scale(3);
    deployment.scale(1);

    expect(deployment.replicas.filter(({ phase }) => phase !== 'stopping').map(({ name }) => name)).toEqual(['foo-1']);
    expect(deployment.endpoints()).toHaveLength(1);
  });

  test('it remembers when it left zero, and when the first replica was ready', async () => {
    const { deployment } = deploy();
    deployment.scale(1);
    await until('an endpoint', () => deployment.endpoints().length === 1);
    deployment.scale(2);

    expect(deployment.wakes).toHaveLength(1);
    const [wake] = deployment.wakes;
    expect(wake?.readyAt).toBeGreaterThanOrEqual(wake?.scaledAt ?? Infinity);
  });
});
