import { EventEmitter } from 'node:events';
import { status } from '@grpc/grpc-js';
import { Demand } from '../../../src/scaler/demand';
import { ExternalScaler } from '../../../src/scaler/external-scaler';
import { topicName } from '../../../src/scaler/trigger';
import { FakeClock } from '../../support/fake-clock';

const FOO = topicName('kong', 'foo');
const REF = {
  name: 'foo',
  namespace: 'default',
  scalerMetadata: { pubsub: 'kong', topic: 'foo', targetRequests: '10' },
};
const SAID = { gateway: 'one', requests: 1, held: 0, inFlight: 0, ttlMs: 30_000 };

/** A stream as KEDA opens it. */
class FakeStream extends EventEmitter {
  readonly pushed: boolean[] = [];
  ended = false;
  readonly request;
  constructor(scalerMetadata: Record<string, string> = REF.scalerMetadata) {
    super();
    this.request = { ...REF, scalerMetadata };
  }
  write({ result }: { result: boolean }): void {
    this.pushed.push(result);
  }
  end(): void {
    this.ended = true;
    this.emit('finish');
  }
}

let clock: FakeClock;
let demand: Demand;
let scaler: ExternalScaler;
let warnings: string[];
beforeEach(() => {
  clock = new FakeClock();
  demand = new Demand();
  warnings = [];
  const quiet = (): void => undefined;
  scaler = new ExternalScaler(demand, clock, {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_, sentence) => warnings.push(sentence),
  });
});

const call = <T>(method: string, request: object): Promise<T> =>
  new Promise((resolve, reject) => {
    const handler = scaler.implementation[method] as (one: object, answer: (error: unknown, reply?: T) => void) => void;
    handler({ request }, (error, reply) => {
      if (error === null) resolve(reply as T);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what gRPC is given
      else reject(error);
    });
  });
const open = (stream: FakeStream): FakeStream => {
  (scaler.implementation['StreamIsActive'] as unknown as (one: FakeStream) => void)(stream);
  return stream;
};
const comes = (said: Partial<typeof SAID> = {}): void => {
  demand.record(FOO, { ...SAID, ...said }, clock.now());
  scaler.wake(FOO);
};

test('a message is pushed the moment it comes, to every stream of its topic and to no other', () => {
  const [one, other, stranger] = [
    new FakeStream(),
    new FakeStream(),
    new FakeStream({ pubsub: 'kong', topic: 'bar' }),
  ].map(open);
  expect(one!.pushed).toEqual([]);
  comes();
  expect([one!.pushed, other!.pushed, stranger!.pushed]).toEqual([[true], [true], []]);
  expect(scaler.streams).toBe(3);
});

test('while a gateway says that it holds, true is repeated, ever more slowly; KEDA loses some', async () => {
  const stream = open(new FakeStream());
  comes({ held: 1 });
  await clock.advance(1575);
  expect(stream.pushed).toHaveLength(7); // 0, 25, 75, 175, 375, 775, 1575
  await clock.advance(5000);
  expect(stream.pushed).toHaveLength(12);
  comes({ requests: 0 });
  const pushed = stream.pushed.length;
  await clock.advance(20_000);
  expect(stream.pushed).toHaveLength(pushed);
});

test('a gateway that is heard of no more does not keep a backend up', async () => {
  const stream = open(new FakeStream());
  comes({ held: 1 });
  await clock.advance(30_000);
  const pushed = stream.pushed.length;
  await clock.advance(60_000);
  expect(stream.pushed).toHaveLength(pushed);
  expect(await call('IsActive', REF)).toEqual({ result: false });
});

test('a stream that opens while the backend is wanted is told at once', () => {
  comes();
  expect(open(new FakeStream()).pushed).toEqual([true]);
});

test('a stream that is closed is forgotten, with its repeats', async () => {
  for (const event of ['close', 'cancelled', 'error']) {
    const stream = open(new FakeStream());
    comes({ held: 1 });
    stream.emit(event, new Error('gone'));
    const pushed = stream.pushed.length;
    await clock.advance(2000);
    expect(stream.pushed).toHaveLength(pushed);
  }
  expect(scaler.streams).toBe(0);
});

test('streams are ended well', () => {
  const stream = open(new FakeStream());
  scaler.endStreams();
  expect(stream.ended).toBe(true);
  expect(scaler.streams).toBe(0);
});

test('the metric is the requests of the window, or those that are held where they want more', async () => {
  expect(await call('GetMetricSpec', REF)).toEqual({
    metricSpecs: [{ metricName: 'requests', targetSize: 10, targetSizeFloat: 10 }],
  });
  const metric = (value: number): object => ({
    metricValues: [{ metricName: 'requests', metricValue: value, metricValueFloat: value }],
  });
  comes({ requests: 25 });
  expect(await call('GetMetrics', { scaledObjectRef: REF })).toEqual(metric(25));
  comes({ held: 60 });
  expect(await call('GetMetrics', { scaledObjectRef: REF })).toEqual(metric(60));
  expect(await call('IsActive', REF)).toEqual({ result: true });
});

test('a trigger that cannot be served is told what to write', async () => {
  const wrong = { ...REF, scalerMetadata: { topic: 'foo' } };
  const refused = {
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining('metadata.pubsub is missing') as string,
  };
  for (const method of ['IsActive', 'GetMetricSpec']) await expect(call(method, wrong)).rejects.toEqual(refused);
  await expect(call('GetMetrics', { scaledObjectRef: wrong })).rejects.toEqual(refused);
  const stream = new FakeStream({ pubsub: 'kong' });
  const errors: unknown[] = [];
  stream.on('error', (error) => errors.push(error));
  open(stream);
  expect(errors).toEqual([
    { code: status.INVALID_ARGUMENT, details: expect.stringContaining('metadata.topic') as string },
  ]);
  expect(warnings).toHaveLength(4);
});
