import { HeldBudget } from '../../../src/activation/held-budget';
import { Registry } from '../../../src/activation/registry';
import { exampleBackend } from '../core/example-backend';
import { ActivatorWorld, endings } from './activator-world';

const MINUTE = 60_000;

function registryWorld() {
  const world = new ActivatorWorld();
  const registry = new Registry(world.clock, (backend) => world.create(backend));
  return { world, registry };
}

test('all plugin instances of a backend share one activator, so there is one probe loop and one wake-up', async () => {
  const { world, registry } = registryWorld();
  const callers = Array.from({ length: 50 }, () => {
    // A new instance per nginx worker and configuration push: equal by content, not the same object.
    const backend = exampleBackend();
    registry.configure(backend);
    return world.enter({ backend }, registry.get(backend));
  });
  await world.clock.advance(1000);
  expect(world.publisher.of('cold-start')).toHaveLength(1);
  expect(world.prober.rounds.length).toBeLessThanOrEqual(11);
  expect(await endings(callers)).toEqual({ open: 50 });
  expect(registry.size).toBe(1);
});

test('backends with different keys have nothing in common', () => {
  const { registry } = registryWorld();
  expect(registry.get(exampleBackend({ key: 'a' }))).not.toBe(registry.get(exampleBackend({ key: 'b' })));
});

test('a plugin instance that starts with other numbers changes them for all', async () => {
  const { world, registry } = registryWorld();
  const old = registry.get(exampleBackend());
  const changed = exampleBackend({ policy: { leaseMs: 2500 } });
  registry.configure(changed);
  world.prober.up = true;
  world.enter({ backend: changed }, old);
  await world.clock.advance(100);
  await world.clock.advance(2500);
  expect(old.isOpen(11)).toBe(false);
  registry.configure(exampleBackend({ key: 'not used yet' }));
  expect(registry.size).toBe(1);
});

test('a backend that nobody used for ten minutes is dropped, and then no timer is left', async () => {
  const { world, registry } = registryWorld();
  const backend = exampleBackend();
  registry.get(backend);
  expect(world.clock.pending).toBe(1);
  await world.clock.advance(9 * MINUTE);
  expect(registry.size).toBe(1);
  await world.clock.advance(2 * MINUTE);
  expect(registry.size).toBe(0);
  expect(world.prober.closed).toBe(true);
  expect(world.clock.pending).toBe(0);
});

test('one that is used, or waited for, stays', async () => {
  const { world, registry } = registryWorld();
  const [used, waited] = [exampleBackend({ key: 'used' }), exampleBackend({ key: 'waited' })];
  const patient = exampleBackend({ key: 'waited', policy: { holdTimeoutMs: 60 * MINUTE, intervalMs: 5000 } });
  world.enter({ backend: patient }, registry.get(waited));
  for (let minute = 0; minute < 20; minute++) {
    registry.get(used).passed(1, 11);
    await world.clock.advance(MINUTE);
  }
  expect(registry.size).toBe(2);
});

test('with nothing under way there is no timer but the sweep', async () => {
  const { world, registry } = registryWorld();
  world.prober.up = true;
  world.enter({}, registry.get(exampleBackend()));
  await world.clock.advance(200);
  expect(world.clock.pending).toBe(1);
});

test('the status names each backend by its key', () => {
  const { registry } = registryWorld();
  registry.get(exampleBackend({ key: 'a' }));
  registry.get(exampleBackend({ key: 'b', target: '/b' }));
  expect(registry.status()).toMatchObject([
    { key: 'a', target: '/kong', state: 'idle', held: 0 },
    { key: 'b', target: '/b' },
  ]);
});

test('closing leaves no timer and no backend', async () => {
  const { world, registry } = registryWorld();
  registry.close();
  world.enter({}, registry.get(exampleBackend()));
  await world.clock.advance(50);
  registry.close();
  await world.clock.advance(1000);
  expect(registry.size).toBe(0);
  expect(world.clock.pending).toBe(0);
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
