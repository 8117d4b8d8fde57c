import { flush } from '../../support/fake-clock';
import { exampleBackend } from '../core/example-backend';
import { ActivatorRig, endings } from './activator-rig';

const SECOND = 1000;

describe('a held request', () => {
  test('is answered at its deadline, not before, whatever the probe does', async () => {
    const rig = new ActivatorRig({ policy: { holdTimeoutMs: 3000 } });
    rig.prober.silent = true;
    const early = rig.enter();
    await rig.clock.advance(SECOND);
    const late = rig.enter();
    await rig.clock.advance(1999);
    expect(await endings([early, late])).toEqual({ open: 2 });
    await rig.clock.advance(1);
    expect(await endings([early, late])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 1, open: 1 });
    await rig.clock.advance(SECOND);
    expect(await endings([early, late])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 2 });
    expect(rig.clock.pending).toBe(0);
  });

  test('that times out says what the last probe and the last publish said', async () => {
    const rig = new ActivatorRig({ policy: { holdTimeoutMs: 3000 } });
    rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    const caller = rig.enter();
    await rig.clock.advance(3000);
    expect(caller.outcome).toMatchObject({
      kind: 'rejected',
      error: { context: { lastProbe: { status: 503 }, lastPublish: { outcome: 'retry', error: 'ECONNREFUSED' } } },
    });
    // Nothing was woken: it must not say so.
    expect(JSON.stringify(caller.outcome)).not.toContain('was woken');
  });

  test('that times out first in a cold start has that reported, once, and the cold start is reported when it ends', async () => {
    const rig = new ActivatorRig({ policy: { holdTimeoutMs: 3000 } });
    rig.enter();
    await rig.clock.advance(SECOND);
    rig.enter();
    await rig.clock.advance(3 * SECOND);
    expect(rig.witness.late).toEqual([
      expect.objectContaining({
        code: 'SERVERLESS_HOLD_TIMEOUT',
        reason: 'probe',
        sinceMs: 3000,
        wakeMs: expect.any(Number),
      }),
    ]);
    rig.enter();
    rig.prober.up = true;
    await rig.clock.advance(SECOND);
    expect(rig.witness.coldStarts).toHaveLength(1);
    expect(rig.witness.late).toHaveLength(1);
  });

  test('that times out although Dapr took the wake-up is told to look at the queue, which Dapr does not (D3)', async () => {
    const rig = new ActivatorRig({ policy: { holdTimeoutMs: 3000 } });
    const accepted = rig.enter();
    await rig.clock.advance(3000);
    expect(accepted.outcome).toMatchObject({ error: { detail: expect.stringContaining('is a queue bound to it') } });

    rig.publisher.report = { outcome: 'retry', error: 'ECONNREFUSED' };
    const failed = rig.enter();
    await rig.clock.advance(3000);
    expect(failed.outcome).toMatchObject({ error: { detail: expect.not.stringContaining('queue') } });
  });

  test('leaves at most once, and a place freed twice is freed once', async () => {
    const rig = new ActivatorRig();
    const callers = rig.burst(2);
    callers[0]!.leave();
    callers[0]!.leave();
    expect(rig.budget.held).toBe(1);
    rig.prober.up = true;
    await rig.clock.advance(200);
    callers[1]!.leave();
    expect(rig.budget.held).toBe(0);
    expect(rig.witness.settlements).toEqual(['client-gone', 'released']);
  });

  test('that must not wake is told so while the backend sleeps, and wakes nothing', async () => {
    const rig = new ActivatorRig();
    const caller = rig.enter({ wakes: false });
    await rig.clock.advance(SECOND);
    expect(caller.outcome).toMatchObject({ error: { code: 'SERVERLESS_NO_WAKE' } });
    expect(rig.publisher.published).toEqual([]);
  });
});

describe('overflow', () => {
  test('is answered at once, per backend', async () => {
    const rig = new ActivatorRig({ policy: { maxHeld: 3 } });
    expect(await endings(rig.burst(5))).toEqual({ open: 3, SERVERLESS_HOLD_OVERFLOW: 2 });
    expect(rig.witness.settlements).toEqual(['SERVERLESS_HOLD_OVERFLOW', 'SERVERLESS_HOLD_OVERFLOW']);
  });

  test('is answered at once, per process, over all backends', async () => {
    const rig = new ActivatorRig({}, 4);
    const other = rig.create(exampleBackend({ key: 'other', target: '/other' }));
    expect(await endings(rig.burst(3))).toEqual({ open: 3 });
    const callers = [rig.enter({}, other), rig.enter({}, other)];
    expect(await endings(callers)).toEqual({ open: 1, SERVERLESS_HOLD_OVERFLOW: 1 });
    expect(rig.budget.held).toBe(4);
  });

  test('leaves no activity behind for a backend that nobody else waits for', async () => {
    const rig = new ActivatorRig({}, 0);
    rig.burst(5);
    rig.activator.passed(0, 11);
    await rig.clock.advance(SECOND);
    expect(rig.publisher.published).toEqual([]);
    expect(rig.clock.pending).toBe(0);
  });
});

describe('the configuration', () => {
  const changed = exampleBackend({
    topic: 'other',
    policy: { holdTimeoutMs: 400 },
    probe: { statuses: [204], timeoutMs: 50 },
  });

  test('that came last holds, for the machine and for the probe', async () => {
    const rig = new ActivatorRig();
    rig.activator.configure(changed);
    const caller = rig.enter({ backend: changed });
    await rig.clock.advance(400);
    expect(await endings([caller])).toEqual({ SERVERLESS_HOLD_TIMEOUT: 1 });
    expect(rig.publisher.published[0]!.target.topic).toBe('other');
    expect(rig.prober.rounds[0]!.settings).toMatchObject({ statuses: [204], timeoutMs: 50 });
    expect(rig.logged).toEqual([]);
  });

  test('of a request decides how long it is held and how many may be, whichever instance started last', async () => {
    const rig = new ActivatorRig();
    const patient = exampleBackend({ source: 'patient', policy: { holdTimeoutMs: 60_000 } });
    const hasty = exampleBackend({ source: 'hasty', policy: { holdTimeoutMs: 2000, maxHeld: 2 } });
    for (const backend of [patient, hasty]) rig.activator.configure(backend);
    const callers = [rig.enter({ backend: patient }), rig.enter({ backend: hasty })];
    expect(await endings([rig.enter({ backend: hasty })])).toEqual({ SERVERLESS_HOLD_OVERFLOW: 1 });
    callers.push(rig.enter({ backend: patient }));
    await rig.clock.advance(2000);
    expect(callers.map(({ outcome }) => outcome?.kind)).toEqual([undefined, 'rejected', undefined]);
    await rig.clock.advance(58_000);
    expect(await endings(callers)).toEqual({ SERVERLESS_HOLD_TIMEOUT: 3 });
    expect(rig.logged).toEqual([]);
  });

  test('of two plugins that differ in what belongs to the backend: the stricter one wins, with a warning once', async () => {
    const rig = new ActivatorRig({ policy: { leaseMs: 5000 } });
    const strict = exampleBackend({ source: 'strict', policy: { leaseMs: 2500 }, probe: { statuses: [200, 204] } });
    rig.activator.configure(strict);
    rig.activator.configure(exampleBackend({ policy: { leaseMs: 5000 } }));
    expect(rig.logged.map(({ facts }) => facts)).toEqual([{ backend: '/kong', fields: ['leaseMs', 'probe.statuses'] }]);
    await rig.warmUp();
    expect(rig.activator.isOpen(11)).toBe(true);
    await rig.clock.advance(2500);
    expect(rig.activator.isOpen(11)).toBe(false);
  });

  test('that is corrected replaces the one before it, and nothing differs any more', () => {
    const rig = new ActivatorRig({ policy: { leaseMs: 5000 } });
    rig.activator.configure(exampleBackend({ source: 'other', policy: { leaseMs: 2500 } }));
    rig.activator.configure(exampleBackend({ source: 'other', policy: { leaseMs: 5000 } }));
    rig.activator.configure(exampleBackend({ policy: { leaseMs: 5000 } }));
    expect(rig.logged).toHaveLength(1);
  });
});

describe('closing', () => {
  test('leaves no timer, and what comes in later starts nothing', async () => {
    const rig = new ActivatorRig();
    rig.burst(3);
    await rig.clock.advance(50);
    rig.activator.close();
    const rounds = rig.prober.rounds.length;
    const messages = rig.publisher.published.length;
    await rig.clock.advance(10 * SECOND);
    expect(rig.clock.pending).toBe(0);
    expect(rig.prober.rounds).toHaveLength(rounds);
    expect(rig.publisher.published).toHaveLength(messages);
    expect(rig.prober.closed).toBe(true);
  });
});

test('the status shows the last cold starts, 20 at the most', async () => {
  const rig = new ActivatorRig({ policy: { leaseMs: 100, settleMs: 50 } });
  for (let round = 0; round < 25; round++) {
    rig.prober.up = false;
    rig.enter();
    await rig.clock.advance(50);
    rig.prober.up = true;
    await rig.clock.advance(1000);
  }
  await flush();
  expect(rig.witness.coldStarts).toHaveLength(25);
  const status = rig.activator.status();
  expect(status.coldStarts).toEqual(rig.witness.coldStarts.slice(5));
});
