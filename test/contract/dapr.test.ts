import { BuiltInBroker } from '../../demo/broker/built-in';
import { systemClock } from '../../demo/clock';
import { DaprEndpoint } from '../../demo/dapr/endpoint';
import { Sidecar } from '../../demo/dapr/sidecar';
import { Journal } from '../../demo/journal';
import { componentOf } from '../../demo/manifests/component';
import { componentsOf } from '../../src/manifests/components';
import { load } from '../../src/manifests/load';
import { RabbitMq } from '../../demo/real/rabbitmq';
import { Daprd, rabbitComponent } from '../../real-parts/daprd';
import { describeWith } from '../support/suite';
import { sleep } from '../../real-parts/wait';
import { daprContract, PUBSUB, type SidecarUnderTest, TOPIC } from './dapr-contract';

const metadata = { durable: 'true', deletedWhenUnused: 'false', reconnectWaitSeconds: '1' };

const topology = {
  exchanges: [TOPIC],
  queues: [{ name: TOPIC, ttlMs: undefined }],
  bindings: [{ exchange: TOPIC, queue: TOPIC }],
};

async function startBuiltIn(): Promise<SidecarUnderTest> {
  const broker = new BuiltInBroker(topology, systemClock);
  const ttls: (number | undefined)[] = [];
  const publish = broker.publish.bind(broker);
  broker.publish = (exchange, message) => {
    if (exchange === TOPIC) ttls.push(message.ttlMs);
    return publish(exchange, message);
  };
  const text = JSON.stringify(rabbitComponent(PUBSUB, metadata));
  const components = componentsOf(load({ file: 'contract', text, namespace: 'default' }).manifests).map(componentOf);
  const sidecar = new Sidecar('serverless', components, broker, systemClock, new Journal(systemClock));
  const endpoint = await DaprEndpoint.open(sidecar);
  return {
    port: endpoint.port,
    take: async () => {
      const delivery = await broker.take(TOPIC);
      return delivery === undefined ? undefined : { payload: delivery.body, ttlMs: ttls.shift() };
    },
    stop: () => endpoint.close(),
  };
}

async function startReal(): Promise<SidecarUnderTest> {
  const rabbit = await RabbitMq.open(topology);
  const daprd = await Daprd.start([rabbitComponent(PUBSUB, { connectionString: rabbit.url, ...metadata })]);
  return {
    port: daprd.port,
    take: async () => {
      await sleep(200);
      const wanted = { count: 1, ackmode: 'ack_requeue_false', encoding: 'auto' };
      const messages = await rabbit.management.call('POST', `/queues/%2f/${TOPIC}/get`, wanted);
      const [message] = messages as { payload: string; properties: { expiration?: string } }[];
      if (message === undefined) return undefined;
      const { expiration } = message.properties;
      return { payload: message.payload, ttlMs: expiration === undefined ? undefined : Number(expiration) };
    },
    stop: async () => {
      await daprd.stop();
      await rabbit.close();
    },
  };
}

describe("the demo's Dapr endpoint", () => {
  daprContract(startBuiltIn);
});

describeWith(['daprd', 'rabbitmq'], 'a real daprd with a real RabbitMQ', () => {
  daprContract(startReal);
});
