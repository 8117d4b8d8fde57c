import { flush } from '../../support/fake-clock';
import { exampleBackend } from '../core/example-backend';
import { ActivatorWorld, endings } from './activator-world';

const SECOND = 1000;

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
    const callers = [world.enter({}, other), world.enter({}, other)];
    expect(await endings(callers)).toEqual({ open: 1, SERVERLESS_HOLD_OVERFLOW: 1 });
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

describe('the configuration', () => {
  const changed = exampleBackend({
    topic: 'other',
    policy: { holdTimeoutMs: 400 },
    probe: { statuses: [204], timeoutMs: 50 },
  });

  test('that came last holds, for the machine and for the probe', async () => {
    const world = new ActivatorWorld();
    world.activator.configure(changed);
    const caller = world.enter({ backend: changed });
    await world.clock.advance(400);
    expect(await endings([caller])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 1 });
    expect(world.publisher.published[0]!.target.topic).toBe('other');
    expect(world.prober.rounds[0]!.settings).toMatchObject({ statuses: [204], timeoutMs: 50 });
    expect(world.logged).toEqual([]);
  });

  test('of a request decides how long it is held and how many may be, whichever instance started last', async () => {
    const world = new ActivatorWorld();
    const patient = exampleBackend({ source: 'patient', policy: { holdTimeoutMs: 60_000 } });
    const hasty = exampleBackend({ source: 'hasty', policy: { holdTimeoutMs: 2000, maxHeld: 2 } });
    for (const backend of [patient, hasty]) world.activator.configure(backend);
    const callers = [world.enter({ backend: patient }), world.enter({ backend: hasty })];
    expect(await endings([world.enter({ backend: hasty })])).toEqual({ SERVERLESS_HOLD_OVERFLOW: 1 });
    callers.push(world.enter({ backend: patient }));
    await world.clock.advance(2000);
    expect(callers.map(({ outcome }) => outcome?.kind)).toEqual([undefined, 'rejected', undefined]);
    await world.clock.advance(58_000);
    expect(await endings(callers)).toEqual({ SERVERLESS_HOLD_TIMEOUT: 3 });
    expect(world.logged).toEqual([]);
  });

  test('of two plugins that differ in what belongs to the backend: the stricter one wins, with a warning once', async () => {
    const world = new ActivatorWorld({ policy: { leaseMs: 5000 } });
    const strict = exampleBackend({ source: 'strict', policy: { leaseMs: 2500 }, probe: { statuses: [200, 204] } });
    world.activator.configure(strict);
    world.activator.configure(exampleBackend({ policy: { leaseMs: 5000 } }));
    expect(world.logged.map(({ facts }) => facts)).toEqual([
      { backend: '/kong', fields: ['leaseMs', 'probe.statuses'] },
    ]);
    await world.warmUp();
    expect(world.activator.isOpen(11)).toBe(true);
    await world.clock.advance(2500);
    expect(world.activator.isOpen(11)).toBe(false);
  });

  test('that is corrected replaces the one before it, and nothing differs any more', () => {
    const world = new ActivatorWorld({ policy: { leaseMs: 5000 } });
    world.activator.configure(exampleBackend({ source: 'other', policy: { leaseMs: 2500 } }));
    world.activator.configure(exampleBackend({ source: 'other', policy: { leaseMs: 5000 } }));
    world.activator.configure(exampleBackend({ policy: { leaseMs: 5000 } }));
    expect(world.logged).toHaveLength(1);
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
  const world = new ActivatorWorld({ policy: { leaseMs: 100, settleMs: 50 } });
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
