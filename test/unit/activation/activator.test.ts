import type { Origin } from '../../../src/activation/arrival';
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
