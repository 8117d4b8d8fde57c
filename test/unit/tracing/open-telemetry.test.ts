import { systemClock } from '../../../src/adapters/clock';
import type { TraceContext } from '../../../src/core/tracing';
import { FakeClock } from '../../support/fake-clock';
import { type Endpoint, FAILED, MemoryTracer, shown, TAKEN } from '../../support/memory-tracer';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT: TraceContext = { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: 'vendor=1,other=2' };
const UNSAMPLED: TraceContext = { traceparent: `00-${TRACE}-b7ad6b7169203331-00` };
const RATIO_0 = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };

const start = (name: 'hold' | 'publish', parent: TraceContext | undefined, since = systemClock.now()) =>
  ({ name, parent, since, attributes: { 'serverless.backend': '/kong', nothing: undefined } }) as const;

test('a span is the child of its parent, whose tracestate it keeps, and passes itself on', async () => {
  const memory = new MemoryTracer(systemClock);
  const hold = memory.tracer.start(start('hold', PARENT));
  const publish = memory.tracer.start(start('publish', hold.context));
  publish.end({ 'serverless.outcome': 'refused' }, 'no such topic');
  hold.event('release', { 'serverless.lane': 'worker' });
  hold.end({});
  const [one, other] = await memory.sent();

  expect(shown(other!)).toEqual({
    name: 'hold',
    trace: TRACE,
    parent: 'b7ad6b7169203331',
    id: hold.context.traceparent.split('-')[2],
    attributes: { 'serverless.backend': '/kong' },
  });
  expect(hold.context).toEqual({
    traceparent: `00-${TRACE}-${shown(other!).id}-01`,
    tracestate: 'vendor=1,other=2',
  });
  expect(shown(one!)).toMatchObject({ name: 'publish', trace: TRACE, parent: shown(other!).id });
  expect(one!.spanContext().traceState?.serialize()).toBe('vendor=1,other=2');
  expect(one!.status).toEqual({ code: 2, message: 'no such topic' });
  expect(other!.events).toMatchObject([{ name: 'release', attributes: { 'serverless.lane': 'worker' } }]);
});

test('a span begins when the request arrived, not when it is made', async () => {
  const clock = new FakeClock();
  const memory = new MemoryTracer(clock);
  const since = clock.now();
  await clock.advance(5000);
  memory.tracer.start(start('hold', undefined, since)).end({});
  const [span] = await memory.sent();
  expect(span!.duration[0]).toBeGreaterThanOrEqual(4);
});

test('without a parent, or with one that is all zeros, it is the root of a trace of its own', async () => {
  const memory = new MemoryTracer(systemClock);
  const zeros = { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` };
  for (const parent of [undefined, zeros]) memory.tracer.start(start('hold', parent)).end({});
  for (const span of await memory.sent()) {
    expect(shown(span).parent).toBeUndefined();
    expect(shown(span).trace).not.toMatch(/^0+$/);
  }
});

describe('the sampler of the environment', () => {
  test('decides on roots: one that it does not take tells the others so', async () => {
    const memory = new MemoryTracer(systemClock, { env: RATIO_0 });
    const span = memory.tracer.start(start('hold', undefined));
    span.end({});
    expect(span.isSampled).toBe(false);
    expect(span.context.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(await memory.sent()).toEqual([]);
  });

  test('follows the parent', async () => {
    const memory = new MemoryTracer(systemClock, { env: RATIO_0 });
    const spans = [PARENT, UNSAMPLED].map((parent) => memory.tracer.start(start('hold', parent)));
    for (const span of spans) span.end({});
    expect(spans.map(({ isSampled }) => isSampled)).toEqual([true, false]);
    // As if it were not there.
    expect(spans[1]!.context).toEqual(UNSAMPLED);
    expect(await memory.sent()).toHaveLength(1);
  });

  test('may not care for the parent', () => {
    const memory = new MemoryTracer(systemClock, { env: { OTEL_TRACES_SAMPLER: 'always_off' } });
    const span = memory.tracer.start(start('hold', PARENT));
    expect(span.isSampled).toBe(false);
    expect(span.context).toEqual(PARENT);
  });
});

test('the service is ours, unless the environment names another', async () => {
  const resourceWith = async (env: object): Promise<object> => {
    const memory = new MemoryTracer(systemClock, { env });
    memory.tracer.start(start('hold', undefined)).end({});
    return (await memory.sent())[0]!.resource.attributes;
  };
  expect(await resourceWith({})).toMatchObject({
    'service.name': 'a-service',
    'service.version': '1.2.3',
    'host.name': expect.any(String),
  });
  const env = {
    OTEL_SERVICE_NAME: 'gateway',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.version=9',
  };
  expect(await resourceWith(env)).toMatchObject({
    'service.name': 'gateway',
    'service.version': '9',
    'deployment.environment.name': 'test',
  });
});

describe('an endpoint that', () => {
  test('hangs holds nothing up: the end waits for it no longer than a second', async () => {
    const clock = new FakeClock();
    let answer = (): void => undefined;
    const endpoint: Endpoint = (done) => {
      answer = () => {
        done(TAKEN);
      };
    };
    const memory = new MemoryTracer(clock, { endpoint });
    memory.tracer.start(start('hold', undefined, clock.now())).end({});
    let closed = false;
    const closing = memory.tracer.close().then(() => (closed = true));
    await clock.advance(990);
    expect(closed).toBe(false);
    await clock.advance(20);
    await closing;
    expect(closed).toBe(true);
    answer();
  });

  test.each<[string, Endpoint]>([
    [
      'answers with an error',
      (done) => {
        done(FAILED);
      },
    ],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
  ])('%s spoils neither the spans’ makers nor the end', async (_what, endpoint) => {
    // OpenTelemetry's own timer, of 30 s, would outlive the test.
    const memory = new MemoryTracer(systemClock, { endpoint, env: { OTEL_BSP_EXPORT_TIMEOUT: '100' } });
    for (let span = 0; span < 3000; span += 1) memory.tracer.start(start('hold', undefined)).end({});
    await expect(memory.tracer.close()).resolves.toBeUndefined();
  });
});

test('what is wrong with the environment is logged', () => {
  const lines: string[] = [];
  const warn = (_facts: object, sentence: string): void => {
    lines.push(sentence);
  };
  const env = { OTEL_TRACES_SAMPLER: 'sometimes' };
  new MemoryTracer(systemClock, { env, logger: { debug: warn, info: warn, warn, error: warn } });
  expect(lines).toEqual([expect.stringContaining('OTEL_TRACES_SAMPLER value "sometimes" invalid')]);
});
