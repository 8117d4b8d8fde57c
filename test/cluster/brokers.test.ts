import { kubectl } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { BrokerChain, type BrokerName, BROKERS, daprdLacks, PUBSUB } from '../support/broker-chain';
import { describeWith, say, stopAll } from '../support/suite';
import { ownScaler, scaledObjectOf, sleeper } from './brokers';
import { imageOf, NAMESPACE } from './cluster-rig';

/** This machine, as the cluster's pods reach it. */
const HOST = process.env.KUBERNETES_NODE_IP ?? '';
const TOPIC = 'serverless';
const TTL_S = 5;
const nothing = (): Promise<void> => Promise.resolve();
/** KEDA's own scalers that can be pointed at a broker of this machine. The one of Pub/Sub reads Cloud Monitoring. */
const OWN: readonly BrokerName[] = ['redis', 'moto'];

for (const broker of BROKERS) {
  const lacks = daprdLacks(broker);
  if (lacks !== undefined) {
    say(`skipped: ${broker}: ${lacks}`);
    continue;
  }
  describeWith(['kubernetes', 'daprd', broker], `a real KEDA, and wake-ups through ${broker}`, () => {
    let chain: BrokerChain;
    beforeAll(async () => {
      chain = await BrokerChain.start(broker, TOPIC, ['--grpc-listen', `${HOST}:0`]);
    }, 120_000);
    afterAll(
      stopAll(() => [chain]),
      60_000,
    );

    /** Wakes by a publish, and waits until it sleeps again. Prints how long both took. */
    const wakesAndSleeps = async (name: string, objects: readonly object[], expire = nothing): Promise<void> => {
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      const replicas = async (): Promise<number> =>
        Number(await kubectl(['get', 'deployment', name, '-n', NAMESPACE, '-o', 'jsonpath={.spec.replicas}']));
      await kubectl(['apply', '-f', '-'], list);
      try {
        await kubectl(['wait', '--for=condition=Ready', `scaledobject/${name}`, '-n', NAMESPACE, '--timeout=120s']);
        await until(`${name} sleeps`, async () => (await replicas()) === 0, { timeoutMs: 120_000, everyMs: 250 });
        const from = performance.now();
        expect(await chain.publish(TOPIC, TTL_S)).toBe(204);
        await until(`${name} is awake`, async () => (await replicas()) === 1, { timeoutMs: 60_000, everyMs: 50 });
        const awake = performance.now();
        await expire();
        await until(`${name} sleeps again`, async () => (await replicas()) === 0, { timeoutMs: 180_000, everyMs: 250 });
        const [up, down] = [awake - from, performance.now() - from].map((ms) => (ms / 1000).toFixed(1));
        say(`${broker}, ${name}: replicas 1 seen after ${up} s, 0 after ${down} s`);
      } finally {
        await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], list);
      }
    };

    test('the push wakes it, and it sleeps again', async () => {
      const name = `push-${broker}`;
      const metadata = { scalerAddress: `${HOST}:${chain.scalers[0]?.grpcPort ?? 0}`, pubsub: PUBSUB, topic: TOPIC };
      const scaledObject = scaledObjectOf('keda/push/scaled-object.yaml', name, metadata);
      await expect(wakesAndSleeps(name, [...sleeper(name, imageOf('nginx')), scaledObject])).resolves.toBeUndefined();
    }, 400_000);

    (OWN.includes(broker) ? test : test.skip)(
      'so does KEDA’s own scaler, by our ScaledObject',
      async () => {
        const name = `own-${broker}`;
        const { objects, expire, stop } = await ownScaler(broker, name, `${HOST}:${chain.broker.port}`);
        try {
          await expect(
            wakesAndSleeps(name, [...sleeper(name, imageOf('nginx')), ...objects], expire),
          ).resolves.toBeUndefined();
        } finally {
          await stop();
        }
      },
      400_000,
    );
  });
}
