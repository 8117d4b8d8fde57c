import { MessageQueue } from '../../../demo/broker/queue';
import { ManualClock } from './manual-clock';

const message = { body: 'wake up', ttlMs: undefined, persistent: false };

function queueWith(ttlMs: number | undefined): { queue: MessageQueue; clock: ManualClock } {
  const clock = new ManualClock();
  return { queue: new MessageQueue({ name: 'serverless', ttlMs }, clock), clock };
}

describe('a queue', () => {
  test("a message leaves when the queue's TTL is over", async () => {
    const { queue, clock } = queueWith(30_000);
    queue.add(message);
    await clock.pass(29_999);
    expect(queue.depth()).toBe(1);
    await clock.pass(1);
    expect(queue.depth()).toBe(0);
  });

  test("of the message's own TTL and the queue's the shorter one counts", async () => {
    const { queue, clock } = queueWith(30_000);
    queue.add({ ...message, ttlMs: 5000 });
    queue.add({ ...message, ttlMs: 60_000 });
    await clock.pass(5000);
    expect(queue.depth()).toBe(1);
    await clock.pass(25_000);
    expect(queue.depth()).toBe(0);
  });

  test('without a TTL a message stays until it is taken', async () => {
    const { queue, clock } = queueWith(undefined);
    queue.add(message);
    await clock.pass(86_400_000);
    expect(queue.take()?.body).toBe('wake up');
    expect(queue.take()).toBeUndefined();
  });

  test('an expired message behind one that lives still counts, as in RabbitMQ', async () => {
    const { queue, clock } = queueWith(undefined);
    queue.add(message);
    queue.add({ ...message, ttlMs: 1000 });
    await clock.pass(2000);
    expect(queue.depth()).toBe(2);
    queue.take();
    expect(queue.depth()).toBe(0);
  });

  test('a message that was taken is not ready; given back it is the next one again', () => {
    const { queue } = queueWith(undefined);
    queue.add({ ...message, body: 'first' });
    queue.add({ ...message, body: 'second' });
    const delivery = queue.take();
    expect(queue.depth()).toBe(1);
    delivery?.giveBack();
    expect(queue.depth()).toBe(2);
    expect(queue.take()?.body).toBe('first');
  });

  test('a broker that dies keeps only what was written to disk', () => {
    const { queue } = queueWith(undefined);
    queue.add(message);
    queue.add({ ...message, body: 'job', persistent: true });
    queue.forgetTransient();
    expect(queue.depth()).toBe(1);
    expect(queue.take()?.body).toBe('job');
  });
});
