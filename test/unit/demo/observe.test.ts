import { join } from 'node:path';
import { readCluster } from '../../../demo/manifests/cluster';
import { Observer, pointOf } from '../../../demo/observe';
import { BuiltInBroker } from '../../../demo/broker/built-in';
import type { BackendStatus } from '../../../demo/plugin-server';
import type { Deployment } from '../../../demo/replicas/deployment';
import { QueueDemand } from '../../../demo/keda/demand';
import type { Scaler } from '../../../demo/keda/scaler';
import { ManualClock } from './manual-clock';

const root = join(__dirname, '../../..');
const cluster = readCluster(root, [
  ...['manifests/base', 'manifests/rabbitmq/definitions.json', 'keda/rabbitmq', 'sample/consumer'],
]);
const at = Date.parse('2026-01-01T00:00:00Z');

function setUp(status: readonly BackendStatus[] | undefined) {
  const clock = new ManualClock();
  const broker = new BuiltInBroker(cluster.topology, clock);
  const replicas = [
    { name: 'consumer-1', pid: 1, phase: 'ready', startedAt: at },
    { name: 'consumer-2', pid: 2, phase: 'starting', startedAt: at },
    { name: 'consumer-3', pid: 3, phase: 'stopping', startedAt: at },
  ];
  const wakes = [{ scaledAt: at + 600, readyAt: at + 2600 }];
  const deployment = { name: 'consumer', workload: cluster.workloads[0], wanted: 2, replicas, wakes };
  const scaler = { scaling: cluster.scalings[0], sleepsInMs: undefined };
  const observer = new Observer(
    cluster,
    [deployment as unknown as Deployment],
    [scaler as unknown as Scaler],
    new QueueDemand(broker),
    () => Promise.resolve(status),
    clock,
  );
  return { observer, broker };
}

const lane = 'address' as const;
const coldStart = { at: '2026-01-01T00:00:00Z', lane, held: 5, wakeMs: 10, readyMs: 3000, probes: 4, messages: 2 };
const status: BackendStatus = {
  ...{ target: '/kong', pubsub: 'p', topic: 't', state: 'waking', held: 5 },
  coldStarts: [coldStart],
};

describe('what the page is told', () => {
  test("joins the plugin's state, the replicas and the queue of one service", async () => {
    const { observer, broker } = setUp([status]);
    await broker.publish('serverless', { body: '', ttlMs: undefined, persistent: false });

    expect(await observer.look()).toMatchObject([
      { name: 'consumer', path: '/kong/', state: 'waking', held: 5, depth: 1, queue: 'serverless', wanted: 2, max: 3 },
    ]);
  });

  test('puts between the times of a cold start when KEDA scaled and when a replica was ready', async () => {
    const [view] = await setUp([status]).observer.look();

    expect(view?.coldStarts).toEqual([{ ...coldStart, scaledMs: 600, replicaMs: 2600 }]);
  });

  test('works without a plugin server and without a broker', async () => {
    const { observer, broker } = setUp(undefined);
    await broker.stop();

    expect(await observer.look()).toMatchObject([{ state: undefined, held: 0, depth: undefined, coldStarts: [] }]);
  });

  test('a point of the timeline counts ready replicas and those that stay', async () => {
    const views = await setUp([status]).observer.look();

    expect(pointOf(views, 7)).toEqual({ at: 7, values: { consumer: [1, 2, 5, 0] } });
  });
});
