import { ActivatorWorld, endings } from './activator-world';

const SECOND = 1000;

describe('activity messages', () => {
  test('stand for all requests of a burst but the first, under the rate cap', async () => {
    const world = new ActivatorWorld({ policy: { maxMessageRate: 10 } });
    world.burst(500);
    await world.clock.advance(6 * SECOND);
    expect(world.publisher.of('cold-start')).toHaveLength(1);
    expect(world.publisher.requests).toBe(500);
    const times = world.publisher.published.map(({ at }) => at);
    for (const [index, at] of times.slice(1).entries()) expect(at - times[index]!).toBeGreaterThanOrEqual(100);
  });

  test('are none for a single request: its wake-up stands for it', async () => {
    const world = new ActivatorWorld();
    world.enter();
    await world.clock.advance(SECOND);
    world.prober.up = true;
    await world.clock.advance(5 * SECOND);
    expect(world.publisher.published).toHaveLength(1);
  });

  test('follow the requests that pass, one for one below the cap', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    for (let request = 0; request < 8; request++) {
      world.activator.passed(1, 11);
      await world.clock.advance(500);
    }
    expect(world.publisher.published).toHaveLength(8);
    expect(world.publisher.requests).toBe(8);
  });

  test('pause for 5 s after one that failed, and lose no request', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    world.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    for (let second = 0; second < 4; second++) {
      world.activator.passed(3, 11);
      await world.clock.advance(SECOND);
    }
    expect(world.publisher.published).toHaveLength(1);
    world.publisher.published.length = 0;
    world.publisher.report = { outcome: 'accepted', status: 204 };
    world.activator.passed(1, 11);
    await world.clock.advance(5 * SECOND);
    expect(world.publisher.requests).toBe(13);
  });

  test('go out one at a time: what comes while Dapr takes its time goes with the next', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    world.publisher.answerMs = 6 * SECOND;
    for (let second = 0; second < 5; second++) {
      world.activator.passed(3, 11);
      await world.clock.advance(SECOND);
    }
    expect(world.publisher.published).toHaveLength(1);
    world.publisher.answerMs = 2;
    await world.clock.advance(3 * SECOND);
    expect(world.publisher.published.length).toBeGreaterThan(1);
    expect(world.publisher.requests).toBe(15);
  });

  test('go out one at a time also when each fails after a while, and lose no request', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    world.publisher.answerMs = 6 * SECOND;
    world.publisher.report = { outcome: 'retry', error: 'ETIMEDOUT' };
    for (let second = 0; second < 60; second++) {
      world.activator.passed(1, 11);
      await world.clock.advance(SECOND);
    }
    // Each takes 6 s, and 5 s pass before the next.
    expect(world.publisher.published.length).toBeLessThanOrEqual(6);
    world.publisher.published.length = 0;
    world.publisher.answerMs = 2;
    world.publisher.report = { outcome: 'accepted', status: 204 };
    world.activator.passed(1, 11);
    await world.clock.advance(15 * SECOND);
    expect(world.publisher.requests).toBe(61);
  });

  test('do not go out while Dapr has not taken the wake-up', async () => {
    const world = new ActivatorWorld();
    world.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    world.burst(100);
    await world.clock.advance(10 * SECOND);
    expect(world.publisher.of('activity')).toEqual([]);
  });

  test('do not go out after an idle gap until a probe has said that the backend is up', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    await world.clock.advance(60 * SECOND);
    world.prober.up = false;
    world.enter();
    await world.clock.advance(4);
    expect(world.publisher.published).toEqual([]);
    await world.clock.advance(SECOND);
    expect(world.publisher.published.map(({ message }) => message.reason)).toEqual(['cold-start']);
  });

  test('are dropped with the requests that came to nothing', async () => {
    const world = new ActivatorWorld({ policy: { holdTimeoutMs: 2000 } });
    world.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    world.burst(100);
    await world.clock.advance(3 * SECOND);
    world.publisher.report = { outcome: 'accepted', status: 204 };
    world.publisher.published.length = 0;
    world.enter();
    await world.clock.advance(1500);
    expect(world.publisher.requests).toBe(1);
  });

  test('are all there is for a backend without a health path: nothing is probed, nobody is held', async () => {
    const world = new ActivatorWorld({ healthPath: undefined });
    expect(world.activator.isOpen(11)).toBe(true);
    for (let request = 0; request < 5; request++) world.activator.passed(1, 11);
    await world.clock.advance(SECOND);
    expect(world.publisher.requests).toBe(5);
    expect(world.prober.rounds).toEqual([]);
  });
});

describe('readiness', () => {
  test('is renewed in the background while requests pass, and makes nobody wait', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    for (let step = 0; step < 200; step++) {
      expect(world.activator.isOpen(11)).toBe(true);
      world.activator.passed(1, 11);
      await world.clock.advance(100);
    }
    expect(world.prober.rounds.length).toBeGreaterThanOrEqual(6);
    expect(world.prober.rounds.length).toBeLessThanOrEqual(9);
  });

  test('ends with the lease when nobody came, without a timer', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    expect(world.clock.pending).toBe(0);
    expect(world.activator.status()).toMatchObject({ state: 'ready' });
    await world.clock.advance(5 * SECOND);
    expect(world.activator.isOpen(11)).toBe(false);
    expect(world.activator.status()).toMatchObject({ state: 'idle', held: 0 });
  });

  test('of one worker is not that of another: its request waits for its own probe, or the settle limit', async () => {
    const world = new ActivatorWorld();
    await world.warmUp();
    world.prober.up = false;
    const other = world.enter({ worker: 12 });
    await world.clock.advance(300);
    expect(world.prober.rounds.every(({ workers }) => workers[0] === 12)).toBe(true);
    expect(await endings([other])).toEqual({ open: 1 });
    world.prober.up = true;
    await world.clock.advance(120);
    expect(await endings([other])).toEqual({ released: 1 });
    expect(world.witness.coldStarts).toEqual([]);
  });
});
