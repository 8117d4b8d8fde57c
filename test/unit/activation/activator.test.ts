import type { Origin } from '../../../src/activation/activator';
import { flush } from '../../support/fake-clock';
import { exampleBackend } from '../core/example-backend';
import { ActivatorWorld, endings } from './activator-world';

const SECOND = 1000;
const origin = (host: string | undefined, traceparent?: string): Promise<Origin> =>
  Promise.resolve({ host, traceparent });

describe('a burst on a cold backend', () => {
  test('publishes one cold-start wake-up, at once, and probes once per period', async () => {
    const world = new ActivatorWorld();
    const callers = world.burst(1000);
    await world.clock.advance(2 * SECOND);
    expect(world.publisher.of('cold-start')).toHaveLength(1);
    expect(world.publisher.of('cold-start')[0]!.at).toBe(1005);
    expect(world.publisher.of('cold-start')[0]!.message).toEqual({
      reason: 'cold-start',
      backend: '/kong',
      requests: 1,
      gateway: 'node-1',
      at: '2026-01-01T00:00:01.005Z',
    });
    expect(world.publisher.of('cold-start')[0]!.target).toEqual({
      pubsub: 'kong-serverless-plugin',
      topic: 'serverless',
      ttlMs: 30_000,
    });
    expect(world.prober.rounds.length).toBeGreaterThan(15);
    expect(world.prober.rounds.length).toBeLessThanOrEqual(21);
    expect(await endings(callers)).toEqual({ open: 1000 });
  });

  test('is released as a whole by the first probe that passes', async () => {
    const world = new ActivatorWorld();
    const callers = world.burst(1000);
    await world.clock.advance(2 * SECOND);
    world.prober.up = true;
    await world.clock.advance(110);
    expect(await endings(callers)).toEqual({ released: 1000 });
    expect(world.budget.held).toBe(0);
    const [first] = callers;
    expect(first!.outcome).toEqual({ kind: 'released', heldMs: 2010 });
  });

  test('is one cold start for the log: held, ms to wake, ms to ready, probes, messages', async () => {
    const world = new ActivatorWorld();
    world.burst(3);
    await world.clock.advance(950);
    world.prober.up = true;
    await world.clock.advance(100);
    expect(world.witness.coldStarts).toEqual([
      { at: '2026-01-01T00:00:01.000Z', held: 3, wakeMs: 7, readyMs: 1010, probes: 11, messages: 3 },
    ]);
    expect(world.witness.settlements).toEqual(['released', 'released', 'released']);
  });

  test('on a backend that is up costs one probe, no wake-up, and is no cold start', async () => {
    const world = new ActivatorWorld();
    world.prober.up = true;
    const callers = world.burst(50);
    await world.clock.advance(6);
    expect(await endings(callers)).toEqual({ released: 50 });
    expect(world.prober.rounds).toHaveLength(1);
    expect(world.publisher.of('cold-start')).toEqual([]);
    expect(world.witness.coldStarts).toEqual([]);
  });
});

describe('a wake-up', () => {
  test('is repeated before the TTL of its message ends, as long as the backend sleeps', async () => {
    const world = new ActivatorWorld({ policy: { holdTimeoutMs: 100_000, messageTtlMs: 30_000 } });
    world.enter();
    await world.clock.advance(60 * SECOND);
    const times = world.publisher.of('cold-start').map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(4);
    for (const [index, at] of times.slice(1).entries()) {
      expect(at - times[index]!).toBeLessThan(20_000);
      expect(at - times[index]!).toBeGreaterThanOrEqual(15_000);
    }
  });

  test('is tried again with back-off while Dapr is down, and heals when Dapr is back', async () => {
    const world = new ActivatorWorld();
    world.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    const callers = world.burst(20);
    await world.clock.advance(10 * SECOND);
    const tries = world.publisher.published.length;
    expect(tries).toBeGreaterThanOrEqual(5);
    expect(tries).toBeLessThanOrEqual(8);
    expect(await endings(callers)).toEqual({ open: 20 });
    world.publisher.report = { outcome: 'accepted', status: 204 };
    await world.clock.advance(6 * SECOND);
    expect(world.witness.publishes).toContain('cold-start accepted');
    world.prober.up = true;
    await world.clock.advance(150);
    expect(await endings(callers)).toEqual({ released: 20 });
  });

  test('that is refused answers all held at once with what Dapr said, and the next request tries again', async () => {
    const world = new ActivatorWorld();
    world.publisher.report = { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND', message: 'no such' };
    const callers = world.burst(10);
    await world.clock.advance(10);
    expect(await endings(callers)).toEqual({ SERVERLESS_WAKE_REFUSED: 10 });
    const { outcome } = callers[0]!;
    expect(outcome).toMatchObject({
      error: {
        context: {
          backend: '/kong',
          lastProbe: { status: 503 },
          lastPublish: { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND', message: 'no such' },
        },
      },
    });
    expect(world.clock.pending).toBe(0);
    world.publisher.report = { outcome: 'accepted', status: 204 };
    const next = world.enter();
    world.prober.up = false;
    await world.clock.advance(20);
    expect(world.publisher.of('cold-start')).toHaveLength(2);
    expect(next.outcome).toBeUndefined();
  });

  test('outlives the client that caused it', async () => {
    const world = new ActivatorWorld();
    const caller = world.enter();
    caller.leave();
    await world.clock.advance(SECOND);
    expect(world.publisher.of('cold-start')).toHaveLength(1);
    expect(world.budget.held).toBe(0);
    expect(world.witness.settlements).toEqual(['client-gone']);
    expect(world.clock.pending).toBe(0);
  });

  test('of a client that left is not doubled by the next one, whose cold start is counted from the first', async () => {
    const world = new ActivatorWorld();
    const gone = world.enter();
    await world.clock.advance(500);
    gone.leave();
    await world.clock.advance(SECOND);
    const next = world.enter();
    await world.clock.advance(SECOND);
    world.prober.up = true;
    await world.clock.advance(150);
    expect(await endings([next])).toEqual({ released: 1 });
    expect(world.publisher.of('cold-start')).toHaveLength(1);
    expect(world.witness.coldStarts).toEqual([expect.objectContaining({ held: 1, wakeMs: 7 })]);
    expect(world.witness.coldStarts[0]!.readyMs).toBeGreaterThan(2500);
  });

  test('carries the trace of the first request, and the probe its Host; no other request is asked', async () => {
    const world = new ActivatorWorld();
    expect(world.activator.wantsOrigin).toBe(true);
    world.enter({ origin: origin('shop.example.com', '00-trace') });
    expect(world.activator.wantsOrigin).toBe(false);
    world.burst(5);
    await world.clock.advance(SECOND);
    expect(world.activator.wantsOrigin).toBe(false);
    expect(world.publisher.of('cold-start').map(({ traceparent }) => traceparent)).toEqual(['00-trace']);
    for (const { traceparent } of world.publisher.of('activity')) expect(traceparent).toBeUndefined();
    expect(new Set(world.prober.rounds.map(({ host }) => host))).toEqual(new Set(['shop.example.com']));
  });

  test('does not wait for an origin that hangs, or fails', async () => {
    const world = new ActivatorWorld();
    const caller = world.enter({ origin: new Promise<Origin>(() => undefined) });
    await world.clock.advance(249);
    expect(world.prober.rounds).toHaveLength(0);
    await world.clock.advance(20);
    expect(world.prober.rounds[0]).toMatchObject({ host: undefined });
    expect(world.publisher.of('cold-start')).toHaveLength(1);
    caller.leave();

    const other = new ActivatorWorld();
    other.enter({ origin: Promise.reject(new Error('Kong is gone')) });
    await other.clock.advance(10);
    expect(other.publisher.of('cold-start')).toHaveLength(1);
  });
});

describe('a held request', () => {
  test('is answered at its deadline, not before, whatever the probe does', async () => {
    const world = new ActivatorWorld({ policy: { holdTimeoutMs: 3000 } });
    world.prober.silent = true;
    const early = world.enter();
    await world.clock.advance(SECOND);
    const late = world.enter();
    await world.clock.advance(1999);
    expect(await endings([early, late])).toEqual({ open: 2 });
    await world.clock.advance(1);
    expect(await endings([early, late])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 1, open: 1 });
    await world.clock.advance(SECOND);
    expect(await endings([early, late])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 2 });
    expect(world.clock.pending).toBe(0);
  });

  test('that times out says what the last probe and the last publish said', async () => {
    const world = new ActivatorWorld({ policy: { holdTimeoutMs: 3000 } });
    world.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    const caller = world.enter();
    await world.clock.advance(3000);
    expect(caller.outcome).toMatchObject({
      kind: 'rejected',
      error: { context: { lastProbe: { status: 503 }, lastPublish: { outcome: 'retry', error: 'ECONNREFUSED' } } },
    });
    // Nothing was woken: it must not say so.
    expect(JSON.stringify(caller.outcome)).not.toContain('was woken');
  });

  test('that times out although Dapr took the wake-up is told to look at the queue, which Dapr does not (D3)', async () => {
    const world = new ActivatorWorld({ policy: { holdTimeoutMs: 3000 } });
    const accepted = world.enter();
    await world.clock.advance(3000);
    expect(accepted.outcome).toMatchObject({ error: { detail: expect.stringContaining('is a queue bound to it') } });

    world.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    const failed = world.enter();
    await world.clock.advance(3000);
    expect(failed.outcome).toMatchObject({ error: { detail: expect.not.stringContaining('queue') } });
  });

  test('leaves at most once, and a place freed twice is freed once', async () => {
    const world = new ActivatorWorld();
    const callers = world.burst(2);
    callers[0]!.leave();
    callers[0]!.leave();
    expect(world.budget.held).toBe(1);
    world.prober.up = true;
    await world.clock.advance(200);
    callers[1]!.leave();
    expect(world.budget.held).toBe(0);
    expect(world.witness.settlements).toEqual(['client-gone', 'released']);
  });

  test('that must not wake gets its own status while the backend sleeps, and wakes nothing', async () => {
    const world = new ActivatorWorld({ noWakeStatus: 404 });
    const caller = world.enter({ wakes: false });
    await world.clock.advance(SECOND);
    expect(caller.outcome).toMatchObject({ error: { code: 'SERVERLESS_NO_WAKE', context: { status: 404 } } });
    expect(world.publisher.published).toEqual([]);
  });
});

describe('overflow', () => {
  test('is answered at once, per backend', async () => {
    const world = new ActivatorWorld({ policy: { maxHeld: 3 } });
    expect(await endings(world.burst(5))).toEqual({ open: 3, SERVERLESS_HOLD_OVERFLOW: 2 });
    expect(world.witness.settlements).toEqual(['SERVERLESS_HOLD_OVERFLOW', 'SERVERLESS_HOLD_OVERFLOW']);
  });

  test('is answered at once, per process, over all backends', async () => {
    const world = new ActivatorWorld({}, 4);
    const other = world.create(exampleBackend({ key: 'other', target: '/other' }));
    expect(await endings(world.burst(3))).toEqual({ open: 3 });
    expect(other.enter({ worker: 11, wakes: true })).toHaveProperty('outcome');
    expect(other.enter({ worker: 11, wakes: true })).toMatchObject({ error: { code: 'SERVERLESS_HOLD_OVERFLOW' } });
    expect(world.budget.held).toBe(4);
  });

  test('leaves no activity behind for a backend that nobody else waits for', async () => {
    const world = new ActivatorWorld({}, 0);
    world.burst(5);
    world.activator.passed(0, 11);
    await world.clock.advance(SECOND);
    expect(world.publisher.published).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });
});

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

  test('and no cold start is counted where only other workers followed late and the lease ran out meanwhile', async () => {
    const world = new ActivatorWorld({ policy: { settleMs: 60_000, leaseMs: 500 } });
    await world.warmUp();
    world.prober.silent = true;
    const other = world.enter({ worker: 12 });
    world.activator.passed(30, 11);
    await world.clock.advance(600);
    expect(world.publisher.of('activity').length).toBeGreaterThan(0);
    expect(await endings([other])).toEqual({ open: 1 });
    expect(world.activator.status()).toMatchObject({ state: 'probing' });
    expect(world.witness.coldStarts).toEqual([]);
  });
});

describe('the configuration', () => {
  test('that came last holds, for the machine and for the probe', async () => {
    const world = new ActivatorWorld();
    world.activator.backend = exampleBackend({
      topic: 'other',
      policy: { holdTimeoutMs: 400 },
      probe: { statuses: [204], timeoutMs: 50 },
    });
    const caller = world.enter();
    await world.clock.advance(400);
    expect(await endings([caller])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 1 });
    expect(world.publisher.published[0]!.target.topic).toBe('other');
    expect(world.prober.rounds[0]!.settings).toMatchObject({ statuses: [204], timeoutMs: 50 });
  });
});

describe('closing', () => {
  test('leaves no timer, and what comes in later starts nothing', async () => {
    const world = new ActivatorWorld();
    world.burst(3);
    await world.clock.advance(50);
    world.activator.close();
    const rounds = world.prober.rounds.length;
    const messages = world.publisher.published.length;
    await world.clock.advance(10 * SECOND);
    expect(world.clock.pending).toBe(0);
    expect(world.prober.rounds).toHaveLength(rounds);
    expect(world.publisher.published).toHaveLength(messages);
    expect(world.prober.closed).toBe(true);
  });
});

test('the status shows the last cold starts, 20 at the most', async () => {
  const world = new ActivatorWorld({ policy: { leaseMs: 100 } });
  for (let round = 0; round < 25; round++) {
    world.prober.up = false;
    world.enter();
    await world.clock.advance(50);
    world.prober.up = true;
    await world.clock.advance(1000);
  }
  await flush();
  expect(world.witness.coldStarts).toHaveLength(25);
  const status = world.activator.status() as { coldStarts: unknown[] };
  expect(status.coldStarts).toEqual(world.witness.coldStarts.slice(5));
});
