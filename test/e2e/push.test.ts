import { Daprd } from '../../real-parts/daprd';
import { send } from '../../real-parts/http';
import { RabbitMq } from '../../real-parts/rabbitmq';
import { until } from '../../real-parts/wait';
import { FakeOtlp } from '../support/fake-otlp';
import { objectIn } from '../unit/manifests/documents';
import { ref, ScalerRig, type Stream } from '../support/scaler-rig';
import { describeWith, say, stopAll } from '../support/suite';

const PUBSUB = 'kong-serverless-plugin';
const TOPIC = 'serverless';
const TTL_S = 3;

describeWith(['daprd', 'rabbitmq'], 'the scaler as a subscriber, behind a real daprd and RabbitMQ', () => {
  let otlp: FakeOtlp;
  let rabbit: RabbitMq;
  let gateway: Daprd;
  const scalers: ScalerRig[] = [];
  const sidecars: Daprd[] = [];
  let streams: Stream[];

  /** As in our manifests, but for the namespaces, and for the Secret, which only a cluster has. */
  const component = (): object => {
    const { apiVersion, kind, spec, scopes } = objectIn('manifests/scaler-dapr/component.yaml', 'Component', PUBSUB);
    const { metadata, ...rest } = spec as { metadata: readonly { name: string }[] };
    const own = metadata.map((item) =>
      item.name === 'connectionString' ? { name: item.name, value: rabbit.url } : item,
    );
    return { apiVersion, kind, metadata: { name: PUBSUB }, spec: { ...rest, metadata: own }, scopes };
  };
  const subscription = (): object => {
    const name = 'serverless-scaler-serverless';
    return {
      ...objectIn('manifests/scaler-dapr/subscription.yaml', 'Subscription', name),
      metadata: { name },
    };
  };

  beforeAll(async () => {
    otlp = await FakeOtlp.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
    rabbit = await RabbitMq.start();
    // Dapr's injector gives every sidecar its pod's name; without one daprd ends over {podName}.
    gateway = await Daprd.start([component()], { id: 'serverless', podName: 'kong' });
    for (const podName of ['serverless-scaler-0', 'serverless-scaler-1']) {
      const scaler = await ScalerRig.start([], env);
      scalers.push(scaler);
      const app = { id: 'serverless-scaler', port: scaler.httpPort, podName };
      sidecars.push(await Daprd.start([component(), subscription()], app));
    }
    streams = scalers.map((scaler) => scaler.stream(scaler.keda(), TOPIC, PUBSUB));
  }, 120_000);
  afterAll(
    stopAll(() => [
      ...sidecars,
      ...scalers.map((one) => ({
        stop: async () => {
          await one.stop();
        },
      })),
      gateway,
      rabbit,
      otlp,
    ]),
    60_000,
  );

  const publish = async (message: object, by: Daprd = gateway): Promise<number> => {
    const answer = await send({
      port: by.port,
      method: 'POST',
      path: `/v1.0/publish/${PUBSUB}/${TOPIC}?metadata.ttlInSeconds=${TTL_S}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'cold-start', backend: '/foo', ttl: TTL_S, gateway: 'node', ...message }),
    });
    return answer.status;
  };
  const metrics = (): Promise<number[]> =>
    Promise.all(
      scalers.map(
        (scaler) =>
          new Promise<number>((resolve, reject) => {
            scaler.keda().getMetrics({ scaledObjectRef: ref(TOPIC, { pubsub: PUBSUB }) }, (error, reply) => {
              if (error === null) resolve(reply?.metricValues[0]?.metricValueFloat ?? NaN);
              else reject(error);
            });
          }),
      ),
    );
  const pushedSince = (from: number): boolean => streams.every(({ pushed }) => pushed.some((at) => at >= from));

  test('what a gateway publishes is pushed by each replica within milliseconds, and counts for its time to live', async () => {
    await until('the subscriptions are there', async () => (await publish({ requests: 0 })) === 204 && pushedSince(0), {
      everyMs: 500,
    });
    await until('it is over', async () => (await metrics()).every((value) => value === 0), { everyMs: 200 });
    const delays: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const from = performance.now();
      expect(await publish({ requests: 2 })).toBe(204);
      await until('both push', () => pushedSince(from), { everyMs: 1 });
      delays.push(Math.max(...streams.map(({ pushed }) => (pushed.find((at) => at >= from) ?? NaN) - from)));
    }
    delays.sort((a, b) => a - b);
    say(
      `published -> pushed by both replicas: median ${delays[10]?.toFixed(1)} ms, slowest ${delays[19]?.toFixed(1)} ms`,
    );
    expect(await metrics()).toEqual([40, 40]);
    await until('it is over', async () => (await metrics()).every((value) => value === 0), { everyMs: 200 });
  }, 60_000);

  test('only the gateway may publish', async () => {
    for (const sidecar of sidecars) expect(await publish({ requests: 1 }, sidecar)).toBe(403);
  });

  test('a wake-up that is traced is a span of each replica below the publish; Dapr’s own trace around others makes none', async () => {
    expect(otlp.spans).toEqual([]);
    const [traceId, parentSpanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const traceparent = `00-${traceId}-${parentSpanId}-01`;
    expect(await publish({ requests: 1, traceparent })).toBe(204);
    await until('both have sent their span', () => otlp.spans.length === 2);
    for (const span of otlp.spans) {
      expect(span).toMatchObject({
        ...{ name: 'wake', traceId, parentSpanId, service: 'kong-serverless-scaler' },
        attributes: { 'serverless.way': 'subscribed', 'serverless.streams': 1 },
      });
    }
  }, 60_000);

  test('the broker is killed and comes back: what is published after that is pushed', async () => {
    await rabbit.kill();
    await rabbit.resume();
    const from = performance.now();
    const again = await until(
      'both push again',
      async () => (await publish({ requests: 1 })) === 204 && pushedSince(from),
      {
        timeoutMs: 60_000,
        everyMs: 500,
      },
    );
    expect(again).toBe(true);
  }, 120_000);

  test("a scaler's sidecar is killed: the other replica pushes, and it does too once it is back", async () => {
    await sidecars[0]!.kill();
    let from = performance.now();
    expect(await publish({ requests: 1 })).toBe(204);
    await until('the other one pushes', () => streams[1]!.pushed.some((at) => at >= from));
    await sidecars[0]!.resume();
    from = performance.now();
    const both = await until('both push', async () => (await publish({ requests: 1 })) === 204 && pushedSince(from), {
      timeoutMs: 30_000,
      everyMs: 500,
    });
    expect(both).toBe(true);
  }, 60_000);
});
