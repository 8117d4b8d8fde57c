import { HeldBudget } from '../../../src/activation/held-budget';
import { Registry } from '../../../src/activation/registry';
import { exampleBackend } from '../core/example-backend';
import { ActivatorRig, endings } from './activator-rig';

const MINUTE = 60_000;

function registryRig() {
  const rig = new ActivatorRig();
  const registry = new Registry(rig.clock, (backend) => rig.create(backend));
  return { rig, registry };
}

test('all plugin instances of a backend share one activator, so there is one probe loop and one wake-up', async () => {
  const { rig, registry } = registryRig();
  const callers = Array.from({ length: 50 }, () => {
    // A new instance per nginx worker and configuration push: equal by content, not the same object.
    const backend = exampleBackend();
    registry.configure(backend);
    return rig.enter({ backend }, registry.get(backend));
  });
  await rig.clock.advance(1000);
  expect(rig.publisher.of('cold-start')).toHaveLength(1);
  expect(rig.prober.rounds.length).toBeLessThanOrEqual(11);
  expect(await endings(callers)).toEqual({ open: 50 });
  expect(registry.size).toBe(1);
});

test('backends with different keys have nothing in common', () => {
  const { registry } = registryRig();
  expect(registry.get(exampleBackend({ key: 'a' }))).not.toBe(registry.get(exampleBackend({ key: 'b' })));
});

test('a plugin instance that starts with other numbers changes them for all', async () => {
  const { rig, registry } = registryRig();
  const old = registry.get(exampleBackend());
  const changed = exampleBackend({ policy: { leaseMs: 2500 } });
  registry.configure(changed);
  rig.prober.up = true;
  rig.enter({ backend: changed }, old);
  await rig.clock.advance(100);
  await rig.clock.advance(2500);
  expect(old.isOpen(11)).toBe(false);
  registry.configure(exampleBackend({ key: 'not used yet' }));
  expect(registry.size).toBe(1);
});

test('a backend that nobody used for ten minutes is dropped, and then no timer is left', async () => {
  const { rig, registry } = registryRig();
  const backend = exampleBackend();
  registry.get(backend);
  expect(rig.clock.pending).toBe(1);
  await rig.clock.advance(9 * MINUTE);
  expect(registry.size).toBe(1);
  await rig.clock.advance(2 * MINUTE);
  expect(registry.size).toBe(0);
  expect(rig.prober.closed).toBe(true);
  expect(rig.clock.pending).toBe(0);
});

test('one that is used, or waited for, stays', async () => {
  const { rig, registry } = registryRig();
  const [used, waited] = [exampleBackend({ key: 'used' }), exampleBackend({ key: 'waited' })];
  const patient = exampleBackend({ key: 'waited', policy: { holdTimeoutMs: 60 * MINUTE, intervalMs: 5000 } });
  rig.enter({ backend: patient }, registry.get(waited));
  for (let minute = 0; minute < 20; minute++) {
    registry.get(used).passed(1, 11);
    await rig.clock.advance(MINUTE);
  }
  expect(registry.size).toBe(2);
});

test('with nothing under way there is no timer but the sweep', async () => {
  const { rig, registry } = registryRig();
  rig.prober.up = true;
  rig.enter({}, registry.get(exampleBackend()));
  await rig.clock.advance(200);
  expect(rig.clock.pending).toBe(1);
});

test('the status names each backend by its key', () => {
  const { registry } = registryRig();
  registry.get(exampleBackend({ key: 'a' }));
  registry.get(exampleBackend({ key: 'b', target: '/b' }));
  expect(registry.status()).toMatchObject([
    { key: 'a', target: '/kong', state: 'idle', held: 0 },
    { key: 'b', target: '/b' },
  ]);
});

test('closing leaves no timer and no backend', async () => {
  const { rig, registry } = registryRig();
  registry.close();
  rig.enter({}, registry.get(exampleBackend()));
  await rig.clock.advance(50);
  registry.close();
  await rig.clock.advance(1000);
  expect(registry.size).toBe(0);
  expect(rig.clock.pending).toBe(0);
});

describe('the budget of held requests', () => {
  test('tells when nothing is held any more, at once when nothing is', async () => {
    const budget = new HeldBudget(10);
    await budget.settled();
    budget.take();
    budget.take();
    let settled = 0;
    const both = [budget.settled(), budget.settled()].map((promise) => promise.then(() => (settled += 1)));
    budget.give();
    await Promise.resolve();
    expect(settled).toBe(0);
    budget.give();
    await Promise.all(both);
    expect(budget.held).toBe(0);
  });
});
