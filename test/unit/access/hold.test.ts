import { exampleBackend } from '../core/example-backend';
import { flush } from '../../support/fake-clock';
import { PluginRig } from './plugin-rig';

let plugin: PluginRig;

beforeEach(() => {
  plugin = new PluginRig();
});

afterEach(() => {
  expect(plugin.outOfTurn).toEqual([]);
});

describe('while it is held', () => {
  const beats = (calls: readonly string[]) => calls.filter((call) => call === 'nginx.get_var pid').length - 1;

  test('Kong hears from it every 20 s', async () => {
    const phase = await plugin.request(plugin.instance(exampleBackend({ policy: { holdTimeoutMs: 130_000 } })));
    await plugin.clock.advance(19_999);
    expect(beats(phase.kong.calls)).toBe(0);
    await plugin.clock.advance(1);
    expect(beats(phase.kong.calls)).toBe(1);
    await plugin.clock.advance(109_000);
    expect(beats(phase.kong.calls)).toBe(6);
    expect(phase.ended).toBe(false);
  });

  test('a heartbeat that Kong answers with an error is an answer', async () => {
    const phase = await plugin.request(plugin.instance());
    phase.kong.failOn = 'nginx.get_var';
    await plugin.clock.advance(25_000);
    expect(phase.ended).toBe(false);
    expect(plugin.rig.budget.held).toBe(1);
  });

  test('a heartbeat without an answer within 5 s frees its place: the client is gone', async () => {
    const phase = await plugin.request(plugin.instance());
    phase.kong.gone = true;
    await plugin.clock.advance(24_999);
    expect(plugin.rig.budget.held).toBe(1);
    await plugin.clock.advance(1);
    expect(plugin.rig.budget.held).toBe(0);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    expect(plugin.rig.witness.settlements).toEqual(['client-gone']);
  });

  test('a connection that ends frees its place at once', async () => {
    const controller = new AbortController();
    const phase = await plugin.request(plugin.instance(), {}, { signal: controller.signal });
    await plugin.clock.advance(1000);
    expect(plugin.rig.budget.held).toBe(1);
    controller.abort();
    await flush();
    expect(plugin.rig.budget.held).toBe(0);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
    await plugin.clock.advance(1000);
    expect(plugin.clock.pending).toBe(1);
  });

  test('a connection that ends during a heartbeat, or while its origin is read, frees its place at once', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const beating = await plugin.request(plugin.instance(), {}, { signal: first.signal });
    await plugin.clock.advance(19_500);
    beating.kong.gone = true;
    await plugin.clock.advance(600);
    first.abort();
    await flush();
    expect(plugin.rig.budget.held).toBe(0);

    const other = plugin.instance(exampleBackend({ key: 'foo', target: '/foo' }));
    await plugin.request(other, { path: '/elsewhere' });
    const phase = await plugin.request(
      other,
      { path: '/foo' },
      { signal: second.signal, goneAt: 'request.get_header traceparent' },
    );
    expect(plugin.rig.budget.held).toBe(1);
    second.abort();
    await flush();
    expect(plugin.rig.budget.held).toBe(0);
    expect(phase.kong.exited).toBeUndefined();
  });

  test('an origin that Kong does not tell within 5 s frees its place: the client is gone', async () => {
    const instance = plugin.instance();
    await plugin.request(instance, { path: '/elsewhere' });
    const phase = await plugin.request(instance, {}, { goneAt: 'request.get_header traceparent' });
    await plugin.clock.advance(4999);
    expect(plugin.rig.budget.held).toBe(1);
    await plugin.clock.advance(1);
    expect(plugin.rig.budget.held).toBe(0);
    expect(phase).toMatchObject({ ended: true, kong: { exited: undefined } });
  });

  test('a client that was gone before it was held frees its place at once', async () => {
    const controller = new AbortController();
    controller.abort();
    const phase = await plugin.request(plugin.instance(), {}, { signal: controller.signal });
    expect(phase.ended).toBe(true);
    expect(plugin.rig.budget.held).toBe(0);
  });
});
