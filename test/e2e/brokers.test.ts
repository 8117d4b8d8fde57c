import { until } from '../../real-parts/wait';
import { median } from '../load/numbers';
import { BrokerChain, BROKERS, daprdLacks, PUBSUB } from '../support/broker-chain';
import { ref, type Stream } from '../support/scaler-rig';
import { describeWith, say, stopAll } from '../support/suite';

const TOPIC = 'serverless';
const TTL_S = 3;
const PUBLISHES = 20;

for (const broker of BROKERS) {
  const lacks = daprdLacks(broker);
  if (lacks !== undefined) {
    say(`skipped: ${broker}: ${lacks}`);
    continue;
  }
  describeWith(['daprd', broker], `push activation through a real daprd and ${broker}`, () => {
    let chain: BrokerChain;
    let streams: Stream[];
    beforeAll(async () => {
      chain = await BrokerChain.start(broker, TOPIC);
      streams = chain.scalers.map((scaler) => scaler.stream(scaler.keda(), TOPIC, PUBSUB));
    }, 120_000);
    afterAll(
      stopAll(() => [chain]),
      60_000,
    );

    const active = (): Promise<boolean[]> =>
      Promise.all(
        chain.scalers.map(
          (scaler) =>
            new Promise<boolean>((resolve, reject) => {
              scaler.keda().isActive(ref(TOPIC, { pubsub: PUBSUB }), (error, reply) => {
                if (error === null) resolve(reply?.result === true);
                else reject(error);
              });
            }),
        ),
      );
    const pushedSince = (from: number): boolean => streams.every(({ pushed }) => pushed.some((at) => at >= from));
    const asleep = (): Promise<true> =>
      until('nobody wants it', async () => (await active()).every((one) => !one), { timeoutMs: 30_000, everyMs: 100 });

    test('a wake-up is pushed by every replica, and is over with its time to live', async () => {
      await until(
        'the subscriptions are there',
        async () => (await chain.publish(TOPIC, TTL_S)) === 204 && pushedSince(0),
        {
          timeoutMs: 60_000,
          everyMs: 500,
        },
      );
      await asleep();
      const delays: number[] = [];
      for (let n = 0; n < PUBLISHES; n += 1) {
        const from = performance.now();
        expect(await chain.publish(TOPIC, TTL_S)).toBe(204);
        await until('both have pushed', () => pushedSince(from), { everyMs: 1 });
        delays.push(Math.max(...streams.map(({ pushed }) => pushed.find((at) => at >= from) ?? NaN)) - from);
      }
      say(
        `${broker}: publish -> pushed by both: median ${median(delays).toFixed(1)} ms, slowest ${Math.max(...delays).toFixed(1)} ms`,
      );
      const last = performance.now();
      expect(await active()).toEqual([true, true]);
      await asleep();
      expect(performance.now() - last).toBeGreaterThan((TTL_S - 1) * 1000);
    }, 180_000);
  });
}
