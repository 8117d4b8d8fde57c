import { join } from 'node:path';
import { clusterOf } from '../../../demo/cluster';
import { type DemoOptions, parseOptions } from '../../../demo/options';

const root = join(__dirname, '../../..');
const cluster = (args: readonly string[]) => clusterOf(root, parseOptions(args) as DemoOptions);

test('--push: the ScaledObject is ours, and is told of by pubsub and topic', () => {
  expect(cluster(['--push']).scalings).toEqual([
    expect.objectContaining({
      target: 'consumer',
      queue: 'serverless',
      push: expect.objectContaining({ pubsub: 'kong-serverless-plugin', topic: 'serverless' }),
      value: 3000,
      activation: 0,
    }),
  ]);
});

test('a ScaledObject of the other kind is an error that says so', () => {
  expect(() =>
    cluster(['--push', 'manifests/base', 'manifests/rabbitmq/definitions.json', 'keda/rabbitmq', 'sample/consumer']),
  ).toThrow('ScaledObject consumer-scaledobject reads a queue: with --push each has a push trigger, without it none');
  expect(() => cluster(['manifests/base', 'keda/push', 'sample/consumer'])).toThrow(/has a push trigger/);
});
