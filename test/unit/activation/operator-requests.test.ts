import { OperatorRequests } from '../../../src/activation/operator-requests';
import { Registry } from '../../../src/activation/registry';
import { exampleBackend } from '../core/example-backend';
import { ActivatorRig } from './activator-rig';

const KEY = 'known';

function operatorRig(maxHeld?: number) {
  const rig = new ActivatorRig({ key: KEY }, maxHeld);
  const registry = new Registry(rig.clock, () => rig.activator);
  registry.get(exampleBackend({ key: KEY }));
  let draining = false;
  const operator = new OperatorRequests(registry, () => draining);
  return { rig, operator, drain: () => (draining = true) };
}

test('wakes a backend that sleeps with one message, and it becomes ready without any request', async () => {
  const { rig, operator } = operatorRig();
  expect(operator.wake(KEY)).toEqual({ kind: 'done', state: 'probing' });
  await rig.clock.advance(500);
  expect(rig.publisher.of('cold-start')).toHaveLength(1);
  expect(rig.activator.status()).toMatchObject({ state: 'waking', held: 1 });
  // Asked again it changes nothing.
  expect(operator.wake(KEY)).toEqual({ kind: 'done', state: 'waking' });
  expect(rig.activator.status()).toMatchObject({ held: 1 });
  rig.prober.up = true;
  // Nobody's worker is proven: it goes on when all are taken to have followed.
  await rig.clock.advance(10_000);
  expect(rig.activator.status()).toMatchObject({ held: 0 });
  expect(rig.witness.coldStarts).toHaveLength(1);
});

test('one that is up is kept up, as by a request', async () => {
  const { rig, operator } = operatorRig();
  await rig.warmUp();
  const before = rig.publisher.requests;
  expect(operator.wake(KEY)).toEqual({ kind: 'done', state: 'ready' });
  await rig.clock.advance(1000);
  expect(rig.publisher.requests).toBe(before + 1);
});

test('lets one sleep: it is asked again at its next request, and nothing more is published for earlier ones', async () => {
  const { rig, operator } = operatorRig();
  await rig.warmUp();
  rig.activator.passed(5, 11);
  const before = rig.publisher.requests;
  expect(operator.sleep(KEY)).toEqual({ kind: 'done', state: 'idle' });
  await rig.clock.advance(10_000);
  expect(rig.publisher.requests).toBe(before);
  expect(rig.activator.isOpen(11)).toBe(false);
});

test('nothing is forgotten while requests wait', async () => {
  const { rig, operator } = operatorRig();
  rig.enter();
  await rig.clock.advance(500);
  expect(operator.sleep(KEY)).toEqual({ kind: 'busy' });
  expect(rig.activator.status()).toMatchObject({ held: 1 });
});

test('says that it knows no such backend, that it drains, or that it holds enough', () => {
  const { operator, drain } = operatorRig();
  expect(operator.wake('other')).toEqual({ kind: 'unknown' });
  expect(operator.sleep('other')).toEqual({ kind: 'unknown' });
  drain();
  expect(operator.wake(KEY)).toMatchObject({ kind: 'rejected', code: 'SERVERLESS_SHUTTING_DOWN' });
  expect(operatorRig(0).operator.wake(KEY)).toMatchObject({ kind: 'rejected', code: 'SERVERLESS_HOLD_OVERFLOW' });
});
