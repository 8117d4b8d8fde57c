import { join } from 'node:path';
import { systemClock } from '../../demo/clock';
import { Journal } from '../../demo/journal';
import { type Scalable, Scaler } from '../../demo/keda/scaler';
import { Daprd } from '../../real-parts/daprd';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { send } from '../../real-parts/http';
import { freePort } from '../../real-parts/ports';
import { Process } from '../../real-parts/processes';
import { RabbitMq } from '../../real-parts/rabbitmq';
import { describeWith, say } from '../support/suite';
import { each, until } from '../../real-parts/wait';
import { clusterOf, componentFor, COOLDOWN_MS, queueOf } from './chain-rig';

const JOBS = 60;

interface Replica {
  readonly sidecar: Daprd;
  readonly process: Process;
}

/** The sample's worker as real processes, each with a Dapr sidecar of its own that hands it jobs. */
class WorkerReplicas implements Scalable {
  wanted = 0;
  most = 0;
  readonly #running: Replica[] = [];
  #changing: Promise<unknown> = Promise.resolve();
  readonly #folder: string;
  readonly #component: object;

  constructor(folder: string, component: object) {
    this.#folder = folder;
    this.#component = component;
  }

  scale(replicas: number): void {
    this.wanted = replicas;
    this.most = Math.max(this.most, replicas);
    this.#changing = this.#changing.then(() => this.#reconcile(replicas));
  }

  async stop(): Promise<void> {
    this.scale(0);
    await this.#changing;
  }

  async #reconcile(replicas: number): Promise<void> {
    while (this.#running.length < replicas) this.#running.push(await this.#start());
    for (const { sidecar, process } of this.#running.splice(replicas)) {
      // The sidecar first, so that it takes no new job.
      await sidecar.stop();
      await process.stop();
    }
  }

  async #start(): Promise<Replica> {
    const port = await freePort();
    const process_ = await Process.start(process.execPath, [join(projectRoot, 'dist/backend.js'), 'worker'], {
      logFile: join(this.#folder, `worker-${port}.log`),
      env: { HOST: '127.0.0.1', PORT: String(port), PUBSUB: 'jobs', TOPIC: 'jobs', WORK_MS: '300' },
    });
    await process_.becomes('the worker is ready', async () => (await send({ port, path: '/healthz' })).status === 200);
    return { process: process_, sidecar: await Daprd.start([this.#component], { id: 'worker', port }) };
  }
}

describeWith(['daprd', 'rabbitmq'], 'the asynchronous worker, on real daprd and real RabbitMQ', () => {
  test('0 -> N -> 0: jobs wake it, more jobs make it more, all are done, then it sleeps', async () => {
    const cluster = clusterOf();
    const folder = makeFolder('worker');
    const rabbit = await RabbitMq.start();
    const stops: (() => Promise<void> | void)[] = [() => removeFolder(folder), () => rabbit.stop()];
    try {
      // Dapr names the queue "app-id"-"topic". Nobody else declares it before the first worker runs.
      await rabbit.declare({ name: 'worker-jobs', exchange: 'jobs', classic: true });
      const component = componentFor(cluster, 'jobs', rabbit.url);
      const publisher = await Daprd.start([component], { id: 'worker' });
      stops.push(() => publisher.stop());
      const replicas = new WorkerReplicas(folder, component);
      stops.push(() => replicas.stop());
      const scaling = cluster.scalings.find(({ target }) => target === 'worker');
      const scaler = new Scaler(scaling!, replicas, queueOf(rabbit), systemClock, new Journal(systemClock));
      scaler.start();
      stops.push(() => {
        scaler.stop();
      });

      const from = performance.now();
      for (let job = 1; job <= JOBS; job += 1) {
        const answer = await send({
          port: publisher.port,
          method: 'POST',
          path: '/v1.0/publish/jobs/jobs',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ job }),
        });
        expect(answer.status).toBe(204);
      }
      await until('the worker is woken', () => replicas.wanted > 0);
      await until('all jobs are done', async () => (await rabbit.unsettled('worker-jobs')) === 0, {
        timeoutMs: 90_000,
      });
      const doneMs = performance.now() - from;
      await until('the worker sleeps', () => replicas.wanted === 0, { timeoutMs: 60_000 });
      say(
        `${JOBS} jobs: at most ${replicas.most} replicas, done after ${(doneMs / 1000).toFixed(1)} s, ` +
          `asleep ${((performance.now() - from - doneMs) / 1000).toFixed(1)} s later (cooldown ${COOLDOWN_MS} ms)`,
      );
      expect(replicas.most).toBeGreaterThan(1);
      expect(replicas.most).toBeLessThanOrEqual(10);
    } finally {
      await each(stops.reverse());
    }
  }, 240_000);
});
