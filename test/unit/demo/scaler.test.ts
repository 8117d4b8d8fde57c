import { BuiltInBroker } from '../../../demo/broker/built-in';
import { type Demand, QueueDemand } from '../../../demo/keda/demand';
import { Scaler } from '../../../demo/keda/scaler';
import { keptJournal } from './kept-journal';
import { ManualClock } from './manual-clock';
import { consumerScaling } from './consumer-scaling';

const topology = {
  exchanges: ['serverless'],
  queues: [{ name: 'serverless', ttlMs: 30_000 }],
  bindings: [{ exchange: 'serverless', queue: 'serverless' }],
};

function setUp() {
  const clock = new ManualClock();
  const broker = new BuiltInBroker(topology, clock);
  const { journal, texts } = keptJournal(clock);
  const target = {
    wanted: 0,
    scale(replicas: number) {
      this.wanted = replicas;
    },
  };
  const scaler = new Scaler(consumerScaling, target, new QueueDemand(broker), clock, journal);
  scaler.start();
  const publish = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++)
      await broker.publish('serverless', { body: '', ttlMs: undefined, persistent: false });
  };
  return { clock, broker, texts, target, scaler, publish };
}

describe('a ScaledObject with a push trigger', () => {
  const pushed = () => {
    const clock = new ManualClock();
    const { journal, texts } = keptJournal(clock);
    const target = {
      wanted: 0,
      scale(replicas: number) {
        this.wanted = replicas;
      },
    };
    let amount = 0;
    let tell = (): void => undefined;
    const demand: Demand = {
      of: () => Promise.resolve(amount),
      follow: (_, onWanted) => {
        tell = onWanted;
        return () => undefined;
      },
      words: (requests) => `told of ${requests}`,
    };
    new Scaler({ ...consumerScaling, push: {}, value: 100 }, target, demand, clock, journal).start();
    return {
      clock,
      texts,
      target,
      want: (requests: number) => (amount = requests),
      tell: () => {
        tell();
      },
    };
  };

  test('is scaled the moment that KEDA is told, and sleeps the cooldown after nobody wants it any more', async () => {
    const { clock, texts, target, want, tell } = pushed();
    want(1);
    tell();
    expect(target.wanted).toBe(1);
    expect(texts()).toContain('consumer: 0 -> 1 replicas (KEDA was told)');
    await clock.pass(5000);
    want(0);
    await clock.pass(9000);
    expect(target.wanted).toBe(1);
    await clock.pass(3000);
    expect(target.wanted).toBe(0);
  });

  test('being told again begins the cooldown anew, and scales nothing out', async () => {
    const { clock, target, tell } = pushed();
    tell();
    for (let times = 0; times < 5; times += 1) {
      await clock.pass(8000);
      tell();
      expect(target.wanted).toBe(1);
    }
    await clock.pass(13_000);
    expect(target.wanted).toBe(0);
  });

  test('gets as many replicas as the requests of the window ask for', async () => {
    const { clock, target, want, tell } = pushed();
    want(250);
    tell();
    await clock.pass(16_000);
    expect(target.wanted).toBe(3);
  });
});

describe('a ScaledObject', () => {
  test('a message wakes the Deployment with the next poll; TTL and cooldown later it sleeps', async () => {
    const { clock, target, publish } = setUp();
    await publish(1);
    await clock.pass(999);
    expect(target.wanted).toBe(0);
    await clock.pass(1);
    expect(target.wanted).toBe(1);
    await clock.pass(38_000);
    expect(target.wanted).toBe(1);
    await clock.pass(3000);
    expect(target.wanted).toBe(0);
  });

  test('a long queue is scaled beyond one replica by the HPA, at its own sync period', async () => {
    const { clock, target, publish, texts } = setUp();
    await publish(25);
    await clock.pass(14_000);
    expect(target.wanted).toBe(1);
    await clock.pass(1000);
    expect(target.wanted).toBe(3);
    expect(texts()).toEqual([
      'consumer: 0 -> 1 replicas (KEDA, 25 messages)',
      'consumer: 1 -> 3 replicas (HPA, 25 messages at 10 per replica)',
    ]);
  });

  test('a stopped broker changes nothing, and is reported once', async () => {
    const { clock, broker, target, publish, texts } = setUp();
    await publish(1);
    await clock.pass(1000);
    await broker.stop();
    await clock.pass(60_000);
    expect(target.wanted).toBe(1);
    expect(texts().filter((text) => text.includes('nothing is scaled'))).toHaveLength(1);
    await broker.start();
    await clock.pass(1000);
    expect(target.wanted).toBe(0);
  });

  test('it tells how long until it sleeps, once the queue is empty', async () => {
    const { clock, scaler, publish } = setUp();
    expect(scaler.sleepsInMs).toBeUndefined();
    await publish(1);
    await clock.pass(20_000);
    expect(scaler.sleepsInMs).toBeUndefined();
    await clock.pass(14_000);
    expect(scaler.sleepsInMs).toBeGreaterThan(4000);
    expect(scaler.sleepsInMs).toBeLessThanOrEqual(6000);
  });

  test('stopped, it leaves no timer', () => {
    const { clock, scaler } = setUp();
    scaler.stop();
    expect(clock.waiting).toBe(0);
  });
});
