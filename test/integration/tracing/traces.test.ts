import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverlessFile } from '../../../real-parts/serverless';
import { FakeOtlp } from '../../support/fake-otlp';
import { ScalerRig } from '../../support/scaler-rig';
import { stopAll } from '../../support/suite';
import { PARENT, TRACE, TracedRig } from './traced-rig';

jest.setTimeout(60_000);

let otlp: FakeOtlp;
let rig: TracedRig | undefined;
beforeEach(async () => {
  otlp = await FakeOtlp.start();
});
afterEach(async () => {
  await stopAll(() => [rig, otlp])();
  rig = undefined;
});

/** The executable alone in a folder, as a ConfigMap has it, or with another tracing.js. */
const alone = (tracing?: string): { file: string; remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'serverless-alone-'));
  const file = join(folder, 'serverless');
  copyFileSync(serverlessFile, file);
  if (tracing !== undefined) writeFileSync(join(folder, 'tracing.js'), tracing);
  const remove = (): void => {
    rmSync(folder, { recursive: true });
  };
  return { file, remove };
};

test('one trace has the hold, its wake-up and the scaler, each in its own process; what is not sent yet is sent at the end', async () => {
  // The batch would go out only in 5 s, and then again.
  rig = await TracedRig.start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
  const { result, upstream } = await rig.coldStart();
  expect(result.exit).toBeUndefined();
  expect(otlp.spans).toEqual([]);
  await rig.end();

  const [hold, publish, probe, wake] = ['hold', 'publish', 'probe', 'wake'].map((name) => {
    expect(otlp.named(name, TRACE)).toHaveLength(1);
    return otlp.named(name, TRACE)[0]!;
  });
  expect(hold).toMatchObject({
    ...{ service: 'kong-serverless', parentSpanId: PARENT, events: ['release'] },
    attributes: { 'serverless.backend': '/kong', 'serverless.outcome': 'released', 'serverless.cold_start': true },
  });
  expect(publish).toMatchObject({
    parentSpanId: hold!.spanId,
    attributes: { 'serverless.outcome': 'accepted', 'http.response.status_code': 204 },
  });
  expect(probe).toMatchObject({ parentSpanId: hold!.spanId, attributes: { 'serverless.outcome': 'passed' } });
  expect(wake).toMatchObject({
    ...{ service: 'kong-serverless-scaler', parentSpanId: publish!.spanId },
    attributes: { 'messaging.destination.name': 'shop', 'serverless.way': 'direct', 'serverless.streams': 1 },
  });
  for (const span of [hold, publish, probe, wake]) expect(span!.traceState).toBe('vendor=1');
  expect(upstream).toEqual({ traceparent: `00-${TRACE}-${hold!.spanId}-01` });
  // Within the hold, to the precision of a date.
  for (const span of [publish, probe]) {
    expect(span!.from).toBeGreaterThanOrEqual(hold!.from - 1);
    expect(span!.to).toBeLessThanOrEqual(hold!.to + 1);
  }
});

test('a wake-up that comes through Dapr belongs to the hold, not to the trace that Dapr wrote around it', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  const scaler = await ScalerRig.start(['--subscribe', 'kong/shop'], env);
  try {
    const traceparent = `00-${TRACE}-${PARENT}-01`;
    const event = { pubsubname: 'kong', topic: 'shop', traceparent: `00-${TRACE.replace('0a', '1b')}-${PARENT}-01` };
    for (const data of [{ requests: 1, traceparent }, { requests: 9 }]) {
      const body = JSON.stringify({ ...event, data });
      expect((await fetch(`${scaler.url}/events`, { method: 'POST', body })).status).toBe(200);
    }
  } finally {
    await scaler.stop();
  }
  expect(otlp.spans).toMatchObject([
    {
      ...{ name: 'wake', traceId: TRACE, parentSpanId: PARENT },
      attributes: { 'serverless.way': 'subscribed', 'serverless.streams': 0 },
    },
  ]);
});

test.each([['hang' as const], [500]])(
  'an endpoint that answers %s disturbs nothing, and the end waits for it a second',
  async (answer) => {
    otlp.answer = answer;
    rig = await TracedRig.start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '10' });
    const { result, upstream } = await rig.coldStart();
    expect(result.exit).toBeUndefined();
    expect(upstream).toHaveProperty('traceparent');
    // OpenTelemetry's own bound is 30 s, for each of the two.
    expect(await rig.end()).toBeLessThan(10_000);
    expect(otlp.batches).toBeGreaterThan(0);
  },
);

test('the executable alone serves, and its log says how traces are to be had', async () => {
  const { file, remove } = alone();
  try {
    rig = await TracedRig.start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url }, file);
    const { result, upstream } = await rig.coldStart();
    expect(result.exit).toBeUndefined();
    expect(upstream).toEqual({});
    expect(rig.server.log()).toContain(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but tracing.js is not beside this executable, so no traces are sent: take the image, or copy dist/tracing.js beside it',
    );
  } finally {
    remove();
  }
});

test.each([
  ['is read where traces are asked for; if it cannot be used, the log says so and all else works', true],
  ['is not even read where they are not', false],
])('the file with OpenTelemetry %s', async (_what, asked) => {
  const { file, remove } = alone('console.error("READ");');
  try {
    rig = await TracedRig.start(asked ? { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url } : {}, file);
    const { result } = await rig.coldStart();
    expect(result.exit).toBeUndefined();
    expect(rig.server.log().includes('READ')).toBe(asked);
    expect(rig.server.log().includes('OpenTelemetry cannot be started, so no traces are sent')).toBe(asked);
  } finally {
    remove();
  }
});
