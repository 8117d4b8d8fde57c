import { isSameService, RouteReader, sendTo } from '../../../src/access/destination';
import { PROBE_HEADER } from '../../../src/adapters/own-probes';
import { podPort, serviceNamed } from '../../../src/core/service-name';
import { FakeClock } from '../../support/fake-clock';
import { FakeKong } from '../../support/fake-kong';
import { exampleBackend } from '../core/example-backend';
import { PluginRig } from './plugin-rig';

const SERVICE = { name: 'consumer', namespace: 'kong', port: '8080' };
const PIN = { address: '10.0.0.1', port: 80, host: 'shop.example' };
const HEALTH = '/kong/healthz.html';

test('a request is sent to a pod with the Host that the backend is to see, which comes last', async () => {
  const kong = new FakeKong();
  await sendTo(kong, PIN);
  expect(kong.sentTo).toEqual(PIN);
});

describe('what Kong would do', () => {
  test.each([
    [true, 1],
    [false, 2],
  ])('is read once for all that come together where the instance is of one route: %j', async (ofOneRoute, times) => {
    const clock = new FakeClock();
    const reader = new RouteReader(ofOneRoute, clock);
    const kong = new FakeKong();
    expect(await reader.read(kong)).toEqual({ service: SERVICE, preservesHost: true });
    await clock.advance(999);
    await reader.read(kong);
    expect(kong.calls.filter((call) => call === 'router.get_service')).toHaveLength(times);
    await clock.advance(1);
    await reader.read(kong);
    expect(kong.calls.filter((call) => call === 'router.get_service')).toHaveLength(times + 1);
  });

  test('keeps no Host where there is no route', async () => {
    const kong = new FakeKong();
    kong.router.get_route = () => Promise.resolve(null);
    expect((await new RouteReader(true, new FakeClock()).read(kong)).preservesHost).toBe(false);
  });
});

describe('a probe for a pod', () => {
  const meets = async (request: object, backend = exampleBackend()) => {
    const plugin = new PluginRig();
    const ticket = plugin.ownProbes.issue({ path: HEALTH, healthPath: HEALTH, pinned: { pin: PIN, service: SERVICE } });
    const phase = await plugin.request(plugin.instance(backend), {
      path: HEALTH,
      headers: { [PROBE_HEADER]: ticket },
      ...request,
    });
    return { phase, worker: plugin.ownProbes.done(ticket) };
  };

  test('is sent there', async () => {
    const { phase, worker } = await meets({});
    expect(phase).toMatchObject({
      ended: true,
      kong: { sentTo: PIN, exited: undefined, clearedHeaders: [PROBE_HEADER] },
    });
    expect(worker).toBe(101);
  });

  test.each([
    ['that came by the route of another Service', { serviceHost: 'other.kong.8080.svc' }],
    ['that came by a route with another Host', { preservesHost: false }],
  ])('%s is not, and proves nothing', async (_, request) => {
    const { phase, worker } = await meets(request);
    expect(phase).toMatchObject({ ended: true, kong: { sentTo: undefined, exited: undefined } });
    expect(worker).toBeUndefined();
  });

  test('is sent to the Service that the configuration names, whatever Kong calls it', async () => {
    const backend = exampleBackend({ service: serviceNamed('consumer.kong:8080') });
    expect((await meets({ serviceHost: 'example.com' }, backend)).phase.kong.sentTo).toEqual(PIN);
  });
});

test('a Service is the same at the same port only', () => {
  expect(isSameService(SERVICE, { ...SERVICE })).toBe(true);
  expect(isSameService(SERVICE, { ...SERVICE, port: 'http' })).toBe(false);
  expect(isSameService(SERVICE, { ...SERVICE, namespace: 'other' })).toBe(false);
  expect(isSameService(undefined, SERVICE)).toBe(false);
});

test.each([
  [{ '': 80 }, '8080', 80],
  [{ '': 80 }, undefined, 80],
  [{ http: 80, metrics: 9090 }, 'metrics', 9090],
  [{ http: 80, metrics: 9090 }, '8080', undefined],
  [{ http: 80, metrics: 9090 }, undefined, undefined],
  [{}, '80', undefined],
])('of the ports %j, a route to %j means %j', (ports, port, expected) => {
  expect(podPort(new Map(Object.entries(ports)), port)).toBe(expected);
});
