import { systemClock } from '../../../demo/clock';
import { PushDemand } from '../../../demo/push/push-demand';
import { until } from '../../../real-parts/wait';
import { ScalerRig } from '../../support/scaler-rig';
import { consumerScaling } from './consumer-scaling';

const scaling = { ...consumerScaling, queue: 'foo', push: { pubsub: 'kong', topic: 'foo' } };

describe("KEDA's side of the scaler's contract", () => {
  let scaler: ScalerRig;
  let demand: PushDemand;
  beforeEach(async () => {
    scaler = await ScalerRig.here();
    demand = new PushDemand(scaler.grpcPort, systemClock);
  });
  afterEach(async () => {
    demand.close();
    await scaler.stop();
  });

  test('asks how much it is wanted: the requests of the window, and none where nobody asks', async () => {
    expect(await demand.of(scaling)).toBe(0);
    await scaler.publish('foo', { requests: 7 });
    expect(await demand.of(scaling)).toBe(7);
  });

  test('one that is wanted by none yet, but held for, counts for at least one request', async () => {
    await scaler.publish('foo', { requests: 0 });
    expect(await demand.of(scaling)).toBe(1);
  });

  test('is told at once, and not any more once it has stopped', async () => {
    let told = 0;
    const stop = demand.follow(scaling, () => (told += 1));
    // A message that comes before the stream is open is told with it.
    await scaler.publish('foo');
    await until('it was told', () => told > 0);
    stop();
    const before = told;
    await scaler.publish('foo');
    expect(await demand.of(scaling)).toBe(2);
    expect(told).toBe(before);
  });

  test('opens its stream again: 2 s after one that ended well, 4, 8, ... up to 60 s after those that broke (E9)', async () => {
    const waits: number[] = [];
    const due: (() => void)[] = [];
    const clock = {
      after: (delayMs: number, call: () => void) => {
        waits.push(delayMs);
        due.push(call);
        return () => undefined;
      },
    };
    const client = new PushDemand(scaler.grpcPort, clock);
    let told = 0;
    const stop = client.follow(scaling, () => (told += 1));
    await scaler.publish('foo');
    await until('it was told', () => told > 0);
    await scaler.stop();
    await until('the stream has ended', () => waits.length === 1);
    for (let again = 2; again <= 7; again += 1) {
      due.shift()?.();
      await until('it has broken', () => waits.length === again);
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    stop();
    client.close();
    await expect(demand.of(scaling)).rejects.toThrow(/./);
  });
});
