import { ActivatorRig, endings } from './activator-rig';

const SECOND = 1000;

describe('activity messages', () => {
  test('stand for all requests of a burst but the first, under the rate cap', async () => {
    const rig = new ActivatorRig({ policy: { maxMessageRate: 10 } });
    rig.burst(500);
    await rig.clock.advance(6 * SECOND);
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
    expect(rig.publisher.requests).toBe(500);
    const times = rig.publisher.published.map(({ at }) => at);
    for (const [index, at] of times.slice(1).entries()) expect(at - times[index]!).toBeGreaterThanOrEqual(100);
  });

  test('are none for a single request: its wake-up stands for it', async () => {
    const rig = new ActivatorRig();
    rig.enter();
    await rig.clock.advance(SECOND);
    rig.prober.up = true;
    await rig.clock.advance(5 * SECOND);
    expect(rig.publisher.published).toHaveLength(1);
  });

  test('follow the requests that pass, one for one below the cap', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    for (let request = 0; request < 8; request++) {
      rig.activator.passed(1, 11);
      await rig.clock.advance(500);
    }
    expect(rig.publisher.published).toHaveLength(8);
    expect(rig.publisher.requests).toBe(8);
  });

  test('pause for 5 s after one that failed, and lose no request', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    for (let second = 0; second < 4; second++) {
      rig.activator.passed(3, 11);
      await rig.clock.advance(SECOND);
    }
    expect(rig.publisher.published).toHaveLength(1);
    rig.publisher.published.length = 0;
    rig.publisher.report = { outcome: 'accepted', status: 204 };
    rig.activator.passed(1, 11);
    await rig.clock.advance(5 * SECOND);
    expect(rig.publisher.requests).toBe(13);
  });

  test('go out one at a time: what comes while Dapr takes its time goes with the next', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    rig.publisher.answerMs = 6 * SECOND;
    for (let second = 0; second < 5; second++) {
      rig.activator.passed(3, 11);
      await rig.clock.advance(SECOND);
    }
    expect(rig.publisher.published).toHaveLength(1);
    rig.publisher.answerMs = 2;
    await rig.clock.advance(3 * SECOND);
    expect(rig.publisher.published.length).toBeGreaterThan(1);
    expect(rig.publisher.requests).toBe(15);
  });

  test('go out one at a time also when each fails after a while, and lose no request', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    rig.publisher.answerMs = 6 * SECOND;
    rig.publisher.report = { outcome: 'retry', error: 'ETIMEDOUT' };
    for (let second = 0; second < 60; second++) {
      rig.activator.passed(1, 11);
      await rig.clock.advance(SECOND);
    }
    // Each takes 6 s, and 5 s pass before the next.
    expect(rig.publisher.published.length).toBeLessThanOrEqual(6);
    rig.publisher.published.length = 0;
    rig.publisher.answerMs = 2;
    rig.publisher.report = { outcome: 'accepted', status: 204 };
    rig.activator.passed(1, 11);
    await rig.clock.advance(15 * SECOND);
    expect(rig.publisher.requests).toBe(61);
  });

  test('do not go out while Dapr has not taken the wake-up', async () => {
    const rig = new ActivatorRig();
    rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    rig.burst(100);
    await rig.clock.advance(10 * SECOND);
    expect(rig.publisher.of('activity')).toEqual([]);
  });

  test('do not go out after an idle gap until a probe has said that the backend is up', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    await rig.clock.advance(60 * SECOND);
    rig.prober.up = false;
    rig.enter();
    await rig.clock.advance(4);
    expect(rig.publisher.published).toEqual([]);
    await rig.clock.advance(SECOND);
    expect(rig.publisher.published.map(({ message }) => message.reason)).toEqual(['cold-start']);
  });

  test('are dropped with the requests that came to nothing', async () => {
    const rig = new ActivatorRig({ policy: { holdTimeoutMs: 2000 } });
    rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    rig.burst(100);
    await rig.clock.advance(3 * SECOND);
    rig.publisher.report = { outcome: 'accepted', status: 204 };
    rig.publisher.published.length = 0;
    rig.enter();
    await rig.clock.advance(1500);
    expect(rig.publisher.requests).toBe(1);
  });

  test('are all there is for a backend without a health path: nothing is probed, nobody is held', async () => {
    const rig = new ActivatorRig({ healthPath: undefined });
    expect(rig.activator.isOpen(11)).toBe(true);
    for (let request = 0; request < 5; request++) rig.activator.passed(1, 11);
    await rig.clock.advance(SECOND);
    expect(rig.publisher.requests).toBe(5);
    expect(rig.prober.rounds).toEqual([]);
  });
});

describe('readiness', () => {
  test('is renewed in the background while requests pass, and makes nobody wait', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    for (let step = 0; step < 200; step++) {
      expect(rig.activator.isOpen(11)).toBe(true);
      rig.activator.passed(1, 11);
      await rig.clock.advance(100);
    }
    expect(rig.prober.rounds.length).toBeGreaterThanOrEqual(6);
    expect(rig.prober.rounds.length).toBeLessThanOrEqual(9);
    expect(rig.witness.renewals).toBeGreaterThanOrEqual(rig.prober.rounds.length);
  });

  test('ends with the lease when nobody came, without a timer', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    expect(rig.clock.pending).toBe(0);
    expect(rig.activator.status()).toMatchObject({ state: 'ready' });
    await rig.clock.advance(5 * SECOND);
    expect(rig.activator.isOpen(11)).toBe(false);
    expect(rig.activator.status()).toMatchObject({ state: 'idle', held: 0 });
  });

  test('of one worker is not that of another: its request waits for its own probe, or the settle limit', async () => {
    const rig = new ActivatorRig();
    await rig.warmUp();
    rig.prober.up = false;
    const other = rig.enter({ worker: 12 });
    await rig.clock.advance(300);
    expect(rig.prober.rounds.every(({ workers }) => workers[0] === 12)).toBe(true);
    expect(await endings([other])).toEqual({ open: 1 });
    rig.prober.up = true;
    await rig.clock.advance(120);
    expect(await endings([other])).toEqual({ released: 1 });
    expect(rig.witness.coldStarts).toEqual([]);
  });
});
