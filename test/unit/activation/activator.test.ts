import { ActivatorRig, endings } from './activator-rig';

const SECOND = 1000;

describe('a burst on a cold backend', () => {
  test('publishes one cold-start wake-up, at once, and probes once per period', async () => {
    const rig = new ActivatorRig();
    const callers = rig.burst(1000);
    await rig.clock.advance(2 * SECOND);
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
    expect(rig.publisher.of('cold-start')[0]!.at).toBe(1005);
    expect(rig.publisher.of('cold-start')[0]!.message).toEqual({
      reason: 'cold-start',
      backend: '/kong',
      requests: 1,
      held: 1000,
      ttl: 30,
      gateway: 'node-1',
      at: '2026-01-01T00:00:01.005Z',
    });
    expect(rig.publisher.of('cold-start')[0]!.target).toEqual({
      pubsub: 'kong-serverless-plugin',
      topic: 'serverless',
      ttlMs: 30_000,
    });
    expect(rig.prober.rounds.length).toBeGreaterThan(15);
    expect(rig.prober.rounds.length).toBeLessThanOrEqual(21);
    expect(await endings(callers)).toEqual({ open: 1000 });
  });

  test('is released as a whole by the first probe that passes', async () => {
    const rig = new ActivatorRig();
    const callers = rig.burst(1000);
    await rig.clock.advance(2 * SECOND);
    rig.prober.up = true;
    await rig.clock.advance(110);
    expect(await endings(callers)).toEqual({ released: 1000 });
    expect(rig.budget.held).toBe(0);
    const [first] = callers;
    expect(first!.outcome).toEqual({ kind: 'released', heldMs: 2010, lane: 'worker' });
  });

  test.each([
    ['is not sent again while it is on its way', 1800, 1],
    ['is sent again when it may hang on its way', 4000, 2],
  ])('%s, if the backend came and went meanwhile', async (_what, answerMs, wakeUps) => {
    const rig = new ActivatorRig({ policy: { leaseMs: 500 } });
    rig.publisher.answerMs = answerMs;
    rig.enter();
    await rig.clock.advance(300);
    rig.prober.up = true;
    await rig.clock.advance(200);
    rig.prober.up = false;
    await rig.clock.advance(answerMs - 1000);
    const second = rig.enter();
    await rig.clock.advance(answerMs + SECOND);
    expect(rig.publisher.of('cold-start')).toHaveLength(wakeUps);
    expect(second.outcome).toBeUndefined();
    rig.prober.up = true;
    await rig.clock.advance(SECOND);
    expect(second.outcome).toMatchObject({ kind: 'released' });
  });

  test('is one cold start for the log: held, ms to wake, ms to ready, probes, messages', async () => {
    const rig = new ActivatorRig();
    rig.burst(3);
    await rig.clock.advance(950);
    rig.prober.up = true;
    await rig.clock.advance(100);
    expect(rig.witness.coldStarts).toEqual([
      expect.objectContaining({
        at: '2026-01-01T00:00:01.000Z',
        held: 3,
        wakeMs: 7,
        readyMs: 1010,
        probes: 11,
        messages: 3,
      }),
    ]);
    expect(rig.witness.settlements).toEqual(['released', 'released', 'released']);
  });

  test('on a backend that is up costs one probe, no wake-up, and is no cold start', async () => {
    const rig = new ActivatorRig();
    rig.prober.up = true;
    const callers = rig.burst(50);
    await rig.clock.advance(6);
    expect(await endings(callers)).toEqual({ released: 50 });
    expect(rig.prober.rounds).toHaveLength(1);
    expect(rig.publisher.of('cold-start')).toEqual([]);
    expect(rig.witness.coldStarts).toEqual([]);
  });
});

describe('a wake-up', () => {
  test('is repeated before the TTL of its message ends, as long as the backend sleeps', async () => {
    const rig = new ActivatorRig({ policy: { holdTimeoutMs: 100_000, messageTtlMs: 30_000 } });
    rig.enter();
    await rig.clock.advance(60 * SECOND);
    const times = rig.publisher.of('cold-start').map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(4);
    for (const [index, at] of times.slice(1).entries()) {
      expect(at - times[index]!).toBeLessThan(20_000);
      expect(at - times[index]!).toBeGreaterThanOrEqual(15_000);
    }
  });

  test('is tried again with back-off while Dapr is down, and heals when Dapr is back', async () => {
    const rig = new ActivatorRig();
    rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    const callers = rig.burst(20);
    await rig.clock.advance(10 * SECOND);
    const tries = rig.publisher.published.length;
    expect(tries).toBeGreaterThanOrEqual(5);
    expect(tries).toBeLessThanOrEqual(8);
    expect(await endings(callers)).toEqual({ open: 20 });
    rig.publisher.report = { outcome: 'accepted', status: 204 };
    await rig.clock.advance(6 * SECOND);
    expect(rig.witness.publishes).toContain('cold-start accepted');
    rig.prober.up = true;
    await rig.clock.advance(150);
    expect(await endings(callers)).toEqual({ released: 20 });
  });

  test('that is refused answers all held at once with what Dapr said, and the next request tries again', async () => {
    const rig = new ActivatorRig();
    rig.publisher.report = { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND', message: 'no such' };
    const callers = rig.burst(10);
    await rig.clock.advance(10);
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
    expect(rig.clock.pending).toBe(0);
    rig.publisher.report = { outcome: 'accepted', status: 204 };
    const next = rig.enter();
    rig.prober.up = false;
    await rig.clock.advance(20);
    expect(rig.publisher.of('cold-start')).toHaveLength(2);
    expect(next.outcome).toBeUndefined();
  });

  test('outlives the client that caused it', async () => {
    const rig = new ActivatorRig();
    const caller = rig.enter();
    caller.leave();
    await rig.clock.advance(SECOND);
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
    expect(rig.budget.held).toBe(0);
    expect(rig.witness.settlements).toEqual(['client-gone']);
    expect(rig.clock.pending).toBe(0);
  });

  test('of a client that left is not doubled by the next one, whose cold start is counted from the first', async () => {
    const rig = new ActivatorRig();
    const gone = rig.enter();
    await rig.clock.advance(500);
    gone.leave();
    await rig.clock.advance(SECOND);
    const next = rig.enter();
    await rig.clock.advance(SECOND);
    rig.prober.up = true;
    await rig.clock.advance(150);
    expect(await endings([next])).toEqual({ released: 1 });
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
    expect(rig.witness.coldStarts).toEqual([expect.objectContaining({ held: 1, wakeMs: 7 })]);
    expect(rig.witness.coldStarts[0]!.readyMs).toBeGreaterThan(2500);
  });

  test('carries the trace of the first request, and no later one is asked for its own', async () => {
    const rig = new ActivatorRig();
    const wants: boolean[] = [];
    for (const traceparent of ['00-trace', '00-other']) {
      const entry = rig.activator.enter({ worker: 11, wakes: true, backend: rig.backend });
      if (entry.kind !== 'held') throw new Error('it is held');
      wants.push(entry.wants.trace);
      entry.identify({ host: 'shop.example.com', traceparent });
    }
    await rig.clock.advance(SECOND);
    expect(wants).toEqual([true, false]);
    expect(rig.publisher.of('cold-start').map(({ traceparent }) => traceparent)).toEqual(['00-trace']);
    for (const { traceparent } of rig.publisher.of('activity')) expect(traceparent).toBeUndefined();
  });
});

describe('the Host of a probe', () => {
  const hostsOf = (rig: ActivatorRig) => rig.prober.rounds.map(({ host }) => host);
  /** As an application that validates the Host: its health path passes for one only. */
  const only = (rig: ActivatorRig, good: string): void => {
    rig.prober.passes = ({ host }) => host === good;
  };

  test('is that of a request that waits', async () => {
    const rig = new ActivatorRig();
    rig.enter({ origin: { host: 'shop.example.com' } });
    await rig.clock.advance(SECOND);
    expect(new Set(hostsOf(rig))).toEqual(new Set(['shop.example.com']));
  });

  test('of one client decides for no other: all have their turn, and each goes on when one has passed', async () => {
    const rig = new ActivatorRig();
    only(rig, 'shop.example.com');
    const scanner = rig.enter({ origin: { host: '203.0.113.7' } });
    await rig.clock.advance(50);
    const good = Array.from({ length: 60 }, () => rig.enter({ origin: { host: 'shop.example.com' } }));
    await rig.clock.advance(2.5 * 100);
    expect(await endings([scanner, ...good])).toEqual({ released: 61 });
  });

  test('that passed last has the first turn of the next activation, and every other one after that', async () => {
    const rig = new ActivatorRig();
    only(rig, 'shop.example.com');
    rig.enter({ origin: { host: 'shop.example.com' } });
    await rig.clock.advance(6 * SECOND);
    const scanner = rig.enter({ origin: { host: '203.0.113.7' } });
    await rig.clock.advance(10);
    expect(await endings([scanner])).toEqual({ released: 1 });
    expect(rig.publisher.of('cold-start')).toEqual([]);
    only(rig, 'renamed.example.com');
    await rig.clock.advance(6 * SECOND);
    rig.prober.rounds.length = 0;
    const renamed = rig.enter({ origin: { host: 'renamed.example.com' } });
    await rig.clock.advance(SECOND);
    expect(hostsOf(rig)).toEqual(['shop.example.com', 'renamed.example.com']);
    expect(await endings([renamed])).toEqual({ released: 1 });
  });

  test('of a crowd of strangers does not keep a good one from its turn', async () => {
    const rig = new ActivatorRig();
    only(rig, 'shop.example.com');
    for (let n = 0; n < 500; n++) rig.enter({ origin: { host: `10.0.${n >> 8}.${n & 255}` } });
    const good = rig.burst(3, { origin: { host: 'shop.example.com' } });
    await rig.clock.advance(SECOND);
    expect(await endings(good)).toEqual({ released: 3 });
  });

  test('is waited for as long as somebody’s is to be had', async () => {
    const rig = new ActivatorRig();
    const gone = rig.enter({ origin: undefined });
    await rig.clock.advance(2 * SECOND);
    expect(rig.prober.rounds).toEqual([]);
    const other = rig.enter({ origin: undefined });
    other.identify({ host: 'shop.example.com' });
    await rig.clock.advance(SECOND);
    expect(new Set(hostsOf(rig))).toEqual(new Set(['shop.example.com']));
    gone.leave();
  });

  test('is left out when everybody whose it could be has left: the wake-up outlives them', async () => {
    const rig = new ActivatorRig();
    const caller = rig.enter({ origin: undefined });
    await rig.clock.advance(100);
    caller.leave();
    await rig.clock.advance(10);
    expect(hostsOf(rig)).toEqual([undefined]);
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
  });

  test('that is configured wins, and no request is asked for its own', async () => {
    const rig = new ActivatorRig({ probe: { host: 'health.internal' } });
    const entry = rig.activator.enter({ worker: 11, wakes: true, backend: rig.backend });
    expect(entry).toMatchObject({ wants: { host: false } });
    await rig.clock.advance(SECOND);
    expect(new Set(hostsOf(rig))).toEqual(new Set(['health.internal']));
  });
});

describe('a health path that is slower than probe.timeout', () => {
  test('keeps a backend that serves from nobody', async () => {
    const rig = new ActivatorRig();
    rig.prober.up = true;
    rig.prober.answerMs = 1500;
    const callers = [];
    for (let n = 0; n < 600; n++) {
      callers.push(rig.enter());
      await rig.clock.advance(100);
    }
    await rig.clock.advance(20 * SECOND);
    expect(await endings(callers)).toEqual({ released: 600 });
  });
});

describe('a backend without a health path', () => {
  const unprobed = { healthPath: undefined, policy: { requestsPerMessage: 5 } } as const;

  test('is woken by the first request after a gap, at once, whatever one message stands for', async () => {
    const rig = new ActivatorRig(unprobed);
    expect(rig.enter().outcome).toMatchObject({ kind: 'released' });
    await rig.clock.advance(10);
    expect(rig.publisher.published.map(({ message }) => message.reason)).toEqual(['cold-start']);
    rig.burst(5);
    await rig.clock.advance(SECOND);
    expect(rig.publisher.published.map(({ message }) => message.reason)).toEqual(['cold-start', 'activity']);
    await rig.clock.advance(60 * SECOND);
    rig.enter();
    await rig.clock.advance(10);
    expect(rig.publisher.of('cold-start')).toHaveLength(2);
  });

  test('has its wake-up tried again until Dapr takes it', async () => {
    const rig = new ActivatorRig(unprobed);
    rig.publisher.report = { outcome: 'retry', status: 500 };
    rig.enter();
    await rig.clock.advance(5 * SECOND);
    const tries = rig.publisher.of('cold-start').length;
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(10);
    rig.publisher.report = { outcome: 'accepted', status: 204 };
    await rig.clock.advance(10 * SECOND);
    const taken = rig.publisher.of('cold-start').length;
    rig.enter();
    await rig.clock.advance(10 * SECOND);
    expect(rig.publisher.of('cold-start')).toHaveLength(taken);
  });

  test('has a refused wake-up tried again by the next request only', async () => {
    const rig = new ActivatorRig(unprobed);
    rig.publisher.report = { outcome: 'refused', status: 404 };
    rig.enter();
    await rig.clock.advance(10 * SECOND);
    expect(rig.publisher.of('cold-start')).toHaveLength(1);
    rig.enter();
    await rig.clock.advance(10);
    expect(rig.publisher.of('cold-start')).toHaveLength(2);
    rig.activator.close();
  });
});
