/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import type { KongVersion } from '../../../demo/kong/version';
import { sendMany, tally } from '../../../real-parts/http';
import type { GatewayRig } from './gateway-rig';

/** When a gateway starts and closes plugin instances, and with which configuration. */
export function instancesContract(rig: () => GatewayRig, { isThree }: Pick<KongVersion, 'isThree'>): void {
  describe('instances', () => {
    test('the first requests of a configuration, however many at once, start one instance', async () => {
      const answers = await sendMany(20, { port: rig().gateway.port, path: '/held' });

      expect(tally(answers)).toEqual({ '200': 20 });
      expect(rig().recorder.methods.filter((method) => method === 'StartInstance')).toHaveLength(1);
      expect(rig().recorder.methods.filter((method) => method === 'HandleEvent')).toHaveLength(20);
      expect(rig().recorder.methods[0]).toBe('StartInstance');
    });

    test('a later request only runs the phase', async () => {
      await rig().get('/held');

      expect(rig().recorder.methods).toEqual(['HandleEvent']);
      expect(rig().recorder.calls[0]?.argument).toEqual({ InstanceId: expect.any(Number), EventName: 'access' });
    });

    test('an instance is started with the defaults filled in and with keys of the gateway', async () => {
      await rig().gateway.push(rig().routes);
      await rig().get('/held');

      const [{ argument } = { argument: undefined }] = rig().recorder.calls;
      const { Name, Config } = argument as { Name: string; Config: string };
      expect(Name).toBe('recorder');
      expect(JSON.parse(Config)).toEqual({
        name: 'held',
        count: 300,
        mode: 'reject',
        on: true,
        empty: '',
        words: [],
        backend: [{ target: '/held', health: '' }],
        probe: { timeout: 1000 },
        optional: { inner: 7 },
        bare: {},
        __key__: expect.any(String),
        __seq__: expect.any(Number),
        route_id: expect.any(String),
        ...(isThree ? { __plugin_id: expect.any(String), __ws_id: expect.any(String) } : {}),
      });
    });

    test('a new configuration starts another instance and then closes the old one', async () => {
      await rig().get('/held');
      rig().recorder.reset();
      await rig().gateway.push(
        rig().routes.map((route) => (route.id === 'held' ? { ...route, config: { name: 'new' } } : route)),
      );
      await rig().get('/held');

      expect(rig().recorder.methods).toEqual(['StartInstance', 'CloseInstance', 'HandleEvent']);
    });

    test.each([
      ['an unknown field', { name: 'held', colour: 'red' }],
      ['a missing field', { count: 5 }],
      ['a missing field in a list', { name: 'held', backend: [{ health: '/healthz' }] }],
      ['text for a number', { name: 'held', count: '5' }],
      ['a number for a text', { name: 5 }],
      ['a number out of bounds', { name: 'held', count: 0 }],
      ['a word that is not on the list', { name: 'held', mode: 'maybe' }],
      ['an empty text', { name: '' }],
      ['a list that is none', { name: 'held', words: 'one' }],
    ])('a configuration with %s is refused, and the one before stays', async (_what, config) => {
      const wrong = rig().routes.map((route) => (route.id === 'held' ? { ...route, config } : route));

      await expect(rig().gateway.push(wrong)).rejects.toThrow();
      expect((await rig().get('/held')).status).toBe(200);
    });

    // In 2.8 the nginx worker would spin for ever (K7).
    const in3 = isThree ? test : test.skip;

    in3('one that cannot be started: 500, and the next request tries again', async () => {
      await rig().gateway.push(rig().routes);
      rig().recorder.intercept = ({ method }, [, id]) =>
        method === 'StartInstance' ? [1, id, 'broken', null] : undefined;
      const failed = await rig().get('/held');
      rig().recorder.intercept = () => undefined;

      expect([failed.status, JSON.parse(failed.body)]).toEqual([500, rig().kongsOwn('An unexpected error occurred')]);
      expect((await rig().get('/held')).status).toBe(200);
      expect(rig().recorder.methods).toEqual(['StartInstance', 'StartInstance', 'HandleEvent']);
    });

    test('an instance that the server does not know is started anew, and the request is not lost', async () => {
      rig().recorder.instances.clear();

      expect((await rig().get('/held')).status).toBe(200);
      expect(rig().recorder.methods).toEqual(['HandleEvent', 'StartInstance', 'HandleEvent']);
    });
  });
}
