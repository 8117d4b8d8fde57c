import { BuiltInBroker } from '../../../demo/broker/built-in';
import { ManualClock } from './manual-clock';

const topology = {
  exchanges: ['orders', 'lonely'],
  queues: [
    { name: 'one', ttlMs: undefined },
    { name: 'two', ttlMs: undefined },
  ],
  bindings: [
    { exchange: 'orders', queue: 'one' },
    { exchange: 'orders', queue: 'two' },
  ],
};
const message = { body: 'hello', ttlMs: undefined, persistent: false };
const make = (): BuiltInBroker => new BuiltInBroker(topology, new ManualClock());

describe('the built-in broker', () => {
  test('an exchange copies a message to each queue that is bound to it', async () => {
    const broker = make();
    await broker.publish('orders', message);
    expect(await broker.depth('one')).toBe(1);
    expect((await broker.take('two'))?.body).toBe('hello');
    expect(await broker.depth('two')).toBe(0);
    expect(await broker.depth('one')).toBe(1);
  });

  test.each(['lonely', 'not-declared'])(
    'a message to exchange %s, to which nothing is bound, is dropped',
    async (exchange) => {
      const broker = make();
      await broker.publish(exchange, message);
      expect(await broker.depth('one')).toBe(0);
      expect(await broker.depth('two')).toBe(0);
    },
  );

  test('a queue that is not there has no depth', async () => {
    await expect(make().depth('three')).rejects.toThrow("no queue 'three'");
  });

  test('stopped, it refuses everything, and has forgotten its messages when it is back', async () => {
    const broker = make();
    await broker.publish('orders', message);
    await broker.stop();
    await expect(broker.publish('orders', message)).rejects.toThrow('the broker is stopped');
    await expect(broker.depth('one')).rejects.toThrow('the broker is stopped');
    await expect(broker.take('one')).rejects.toThrow('the broker is stopped');
    await broker.start();
    expect(await broker.depth('one')).toBe(0);
  });

  test.each([
    ['an exchange', { exchange: 'nowhere', queue: 'one' }, 'nowhere'],
    ['a queue', { exchange: 'orders', queue: 'nowhere' }, 'nowhere'],
  ])('a binding to %s that is not there is an error', (_what, binding, name) => {
    expect(() => new BuiltInBroker({ ...topology, bindings: [binding] }, new ManualClock())).toThrow(name);
  });
});
