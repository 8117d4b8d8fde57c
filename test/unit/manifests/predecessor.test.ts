import { valueAt } from '../../../src/manifests/value';
import { fileContent, type KubernetesObject, objectIn } from './documents';

/** The value at a path such as `spec.triggers.0.type`. */
const at = (object: KubernetesObject, path: string): unknown => valueAt(object, path.split('.'));

describe("what is applied over the predecessor's objects has their names", () => {
  test.each([
    ['manifests/base/kong-plugin.yaml', 'KongPlugin', 'serverless'],
    ['manifests/base/ingress.yaml', 'Ingress', 'serverless'],
    ['manifests/base/component.yaml', 'Component', 'kong-serverless-plugin'],
    ['manifests/brokers/snssqs/component.yaml', 'Component', 'kong-serverless-plugin'],
    ['manifests/brokers/servicebus/component.yaml', 'Component', 'kong-serverless-plugin'],
    ['manifests/brokers/pubsub/component.yaml', 'Component', 'kong-serverless-plugin'],
    ['manifests/brokers/redis/component.yaml', 'Component', 'kong-serverless-plugin'],
    ['keda/rabbitmq/scaled-object.yaml', 'ScaledObject', 'consumer-scaledobject'],
    ['keda/sqs/scaled-object.yaml', 'ScaledObject', 'consumer-scaledobject'],
    ['keda/servicebus/scaled-object.yaml', 'ScaledObject', 'consumer-scaledobject'],
    ['keda/pubsub/scaled-object.yaml', 'ScaledObject', 'consumer-scaledobject'],
    ['keda/redis/scaled-object.yaml', 'ScaledObject', 'consumer-scaledobject'],
    ['sample/consumer/deployment.yaml', 'Deployment', 'consumer'],
    ['sample/consumer/service.yaml', 'Service', 'consumer'],
    ['sample/consumer/configmap.yaml', 'ConfigMap', 'contents'],
  ])('%s: %s %s in namespace kong', (file, kind, name) => {
    expect(objectIn(file, kind, name).metadata.namespace).toBe('kong');
  });

  test("the KongPlugin holds as long as the predecessor's, and probes ten times as often", () => {
    const { plugin, config } = objectIn('manifests/base/kong-plugin.yaml', 'KongPlugin', 'serverless');
    expect({ plugin, config }).toEqual({
      plugin: 'serverless',
      config: {
        count: 300,
        interval: 100,
        backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'kong-serverless-plugin', topic: 'serverless' }],
      },
    });
  });

  test('the Ingress sends /kong/ to consumer:8080 by the class and the plugin of the predecessor', () => {
    const ingress = objectIn('manifests/base/ingress.yaml', 'Ingress', 'serverless');
    expect(ingress.metadata.annotations).toMatchObject({ 'konghq.com/plugins': 'serverless' });
    expect(at(ingress, 'spec.ingressClassName')).toBe('kong');
    expect(at(ingress, 'spec.rules.0.http.paths.0')).toMatchObject({
      path: '/kong/',
      backend: { service: { name: 'consumer', port: { number: 8080 } } },
    });
  });

  test.each(['rabbitmq', 'sqs', 'servicebus', 'pubsub', 'redis'])(
    'keda/%s scales consumer from 0 to 3, cooldown 10 s',
    (broker) => {
      const { spec } = objectIn(`keda/${broker}/scaled-object.yaml`, 'ScaledObject', 'consumer-scaledobject');
      expect(spec).toMatchObject({
        scaleTargetRef: { name: 'consumer' },
        cooldownPeriod: 10,
        minReplicaCount: 0,
        maxReplicaCount: 3,
      });
    },
  );

  test('the queue, its TTL, the exchange and the binding are those of its guide', () => {
    const definitions = fileContent('manifests/rabbitmq/definitions.json') as Record<string, unknown[]>;
    expect(definitions['queues']).toContainEqual({
      name: 'serverless',
      vhost: '/',
      durable: true,
      auto_delete: false,
      arguments: { 'x-message-ttl': 30_000 },
    });
    expect(definitions['exchanges']).toContainEqual(
      expect.objectContaining({ name: 'serverless', type: 'fanout', durable: true, auto_delete: false }),
    );
    expect(definitions['bindings']).toContainEqual(
      expect.objectContaining({ source: 'serverless', destination: 'serverless', destination_type: 'queue' }),
    );
  });

  test("Kong's values keep the predecessor's", () => {
    const values = fileContent('kong/values.yaml') as Record<string, Record<string, unknown>>;
    expect(values['env']).toMatchObject({
      database: 'off',
      prefix: '/kong_prefix/',
      plugins: 'bundled, serverless',
      pluginserver_names: 'serverless',
      pluginserver_serverless_query_cmd: '/usr/local/bin/serverless -dump',
    });
    expect(values['podAnnotations']).toMatchObject({ 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'serverless' });
  });

  test('the worker drains its queue as the predecessor system did: 0 to 10, every 3 s, cooldown 60 s', () => {
    for (const broker of ['rabbitmq', 'sqs']) {
      const { spec } = objectIn(`sample/worker/${broker}/jobs.yaml`, 'ScaledObject', 'worker-scaledobject');
      expect(spec).toMatchObject({ pollingInterval: 3, cooldownPeriod: 60, minReplicaCount: 0, maxReplicaCount: 10 });
    }
  });
});
