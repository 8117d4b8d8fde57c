import { until } from '../../real-parts/wait';
import { FakeOtlp } from '../support/fake-otlp';
import { KongRig, PUBSUB } from '../support/kong-rig';
import { ScalerRig } from '../support/scaler-rig';
import { describeWith, stopAll } from '../support/suite';

const PARENT = 'b7ad6b7169203331';
const traced = (trace: string): Record<string, string> => ({
  traceparent: `00-${trace}-${PARENT}-01`,
  tracestate: 'vendor=1',
});
const COLD = '0af7651916cd43dd8448eb211c80319c';
const WARM = '1af7651916cd43dd8448eb211c80319c';

describeWith(['kong'], 'the trace of a request, with a real Kong', () => {
  let otlp: FakeOtlp;
  let scaler: ScalerRig;
  let rig: KongRig;
  beforeAll(async () => {
    otlp = await FakeOtlp.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
    scaler = await ScalerRig.start([], env);
    rig = await KongRig.start({
      backends: [{ name: 'sleeper' }],
      serverlessArgs: ['--dapr-http-endpoint', scaler.url],
      serverlessEnv: env,
    });
  }, 60_000);
  afterAll(stopAll(() => [rig, scaler, otlp]));

  test('goes from the client by the hold, the wake-up and the scaler to the backend', async () => {
    const stream = scaler.stream(scaler.keda(), 'sleeper', PUBSUB);
    const answer = rig.get('/sleeper/', traced(COLD));
    await until('KEDA is told', () => stream.pushed.length > 0);
    await rig.backend('sleeper').become('ready');
    expect((await answer).status).toBe(200);
    await until('four spans are there', () => otlp.spans.length >= 4);

    const [hold, publish, probe, wake] = ['hold', 'publish', 'probe', 'wake'].map((name) => otlp.named(name, COLD)[0]!);
    expect(otlp.spans).toHaveLength(4);
    expect(hold).toMatchObject({
      parentSpanId: PARENT,
      attributes: { 'serverless.outcome': 'released', 'serverless.lane': 'worker', 'serverless.cold_start': true },
    });
    expect(publish).toMatchObject({ parentSpanId: hold!.spanId, attributes: { 'serverless.outcome': 'accepted' } });
    expect(probe).toMatchObject({ parentSpanId: hold!.spanId, attributes: { 'serverless.outcome': 'passed' } });
    expect(wake).toMatchObject({
      ...{ service: 'kong-serverless-scaler', parentSpanId: publish!.spanId },
      attributes: { 'serverless.streams': 1 },
    });
    for (const { traceState } of otlp.spans) expect(traceState).toBe('vendor=1');
    expect(rig.backend('sleeper').traces).toEqual([`00-${COLD}-${hold!.spanId}-01`]);
  }, 60_000);

  test('is left as it came where the backend is up', async () => {
    const { traces } = rig.backend('sleeper');
    // For 5 s after a cold start a pod may be one that leaves, and requests wait for a probe.
    await until('requests are not verified any more', async () => {
      const answers = [];
      for (let request = 0; request < 10; request += 1) answers.push(await rig.get('/sleeper/'));
      return answers.every(({ headers }) => headers['x-serverless-cold-start'] === undefined);
    });
    const before = traces.length;
    for (let request = 0; request < 50; request += 1) {
      expect((await rig.get('/sleeper/', traced(WARM))).status).toBe(200);
    }
    expect(new Set(traces.slice(before))).toEqual(new Set([traced(WARM)['traceparent']]));
    // One that is held after them: by then theirs would have come.
    await rig.sleep('sleeper');
    const next = rig.get('/sleeper/');
    await rig.holds(1, 'sleeper');
    await rig.backend('sleeper').become('ready');
    await next;
    await until('it is sent', () => otlp.spans.at(-1)?.attributes['serverless.cold_start'] === true);
    expect(otlp.spans.filter(({ traceId }) => traceId === WARM)).toEqual([]);
  }, 60_000);
});
