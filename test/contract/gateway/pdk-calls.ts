/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import type { GatewayRig } from './gateway-rig';

/** What a gateway does for each PDK call of a plugin. */
export function pdkCallsContract(rig: () => GatewayRig): void {
  describe('PDK calls', () => {
    test('each Step carries the event and the result', async () => {
      await rig().during('/held/x?y=1', ['kong.request.get_path']);

      const handled = rig().recorder.calls.find(({ method }) => method === 'HandleEvent');
      expect(rig().recorder.methods).toEqual(['HandleEvent', 'Step']);
      expect(handled).toBeDefined();
      expect(rig().recorder.calls[1]?.argument).toEqual({ EventId: expect.any(Number), Data: '/held/x' });
    });

    test('they tell path, method, headers and the worker', async () => {
      const returned = await rig().during(
        '/held//a%20b/../c?q',
        ['kong.request.get_path'],
        ['kong.request.get_method'],
        ['kong.request.get_header', 'x-once'],
        ['kong.request.get_header', 'X-Not-There'],
        ['kong.nginx.get_var', 'pid'],
        ['kong.nginx.get_var', 'no_such_variable'],
      );

      expect(returned).toEqual([
        rig().version.isThree ? '/held/c' : '/held//a%20b/../c',
        'GET',
        'one',
        undefined,
        expect.stringMatching(/^\d+$/),
        undefined,
      ]);
    });

    test.each([
      ['/held/caf%C3%A9', '/held/café'],
      ['/held/my%20app', '/held/my app'],
      ['/held//x/', '/held/x/'],
      ['/held/%7Euser/.', '/held/~user/'],
      ['/held/a%2fb', '/held/a%2Fb'],
      ['/held/%2e%2e/held', '/held'],
      ["/held/a;b,c+d=e'(f)[g]%25", "/held/a;b,c+d=e'(f)[g]%25"],
    ])('%s is told as it is in 2.8, in 3.x as %s', async (sent, normal) => {
      expect(await rig().during(sent, ['kong.request.get_path'])).toEqual([rig().version.isThree ? normal : sent]);
    });

    test('an exact path of a route is told as a regular expression', async () => {
      const [route] = await rig().during('/exact', ['kong.router.get_route']);

      expect(route).toMatchObject({ paths: [rig().version.isThree ? '~/exact$' : '/exact$'], preserve_host: true });
    });

    test('the service of a route is told with its host', async () => {
      const [service] = await rig().during('/exact', ['kong.router.get_service']);

      expect(service).toMatchObject({ host: 'exact.demo.http.svc' });
    });

    test.each(['err', 'warn', 'notice'])('kong.log.%s returns nothing', async (level) => {
      expect(await rig().during('/held', [`kong.log.${level}`, 'a line of the contract'])).toEqual([undefined]);
    });

    test('a Step without a result has no Data at all', async () => {
      await rig().during('/held', ['kong.log.notice', 'a line of the contract']);

      expect(Object.keys(rig().recorder.calls[1]?.argument as object)).toEqual(['EventId']);
    });

    test('one that the gateway does not know returns nothing, and the request is proxied', async () => {
      expect(await rig().during('/held', ['kong.no.such_call', 1])).toEqual([undefined]);
      expect(rig().backend.asked).toHaveLength(1);
    });

    test('a wrong argument ends the request with 500', async () => {
      rig().recorder.phase = async (pdk) => {
        await pdk('kong.request.get_header');
      };
      const answer = await rig().get('/held');

      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.body)).toEqual(rig().kongsOwn('An unexpected error occurred'));
      expect(rig().backend.asked).toHaveLength(0);
    });

    test('set_header adds to the answer, clear_header keeps from the backend', async () => {
      rig().recorder.phase = async (pdk) => {
        await pdk('kong.response.set_header', 'X-Number', 5);
        await pdk('kong.service.request.clear_header', 'X-Once');
      };
      const answer = await rig().get('/held', { 'X-Once': 'one', 'X-Other': 'two' });

      expect(answer.headers['x-number']).toBe('5');
      expect(rig().backend.asked[0]?.headers).not.toHaveProperty('x-once');
      expect(rig().backend.asked[0]?.headers).toHaveProperty('x-other', 'two');
    });

    describe('set_target sends the request to one address, also where its service has none', () => {
      const [host, port] = ['127.0.0.1', (): number => Number(rig().backend.endpoint.split(':')[1])];

      test('which the backend then sees as its Host', async () => {
        await rig().during('/empty/x', ['kong.service.set_target', host, port()]);

        expect(rig().backend.asked).toMatchObject([{ url: '/empty/x', headers: { host } }]);
      });

      test('unless another is set after it', async () => {
        const target = ['kong.service.set_target', host, port()] as [string, ...unknown[]];
        await rig().during('/empty/x', target, ['kong.service.request.set_header', 'Host', 'shop.example']);

        expect(rig().backend.asked).toMatchObject([{ headers: { host: 'shop.example' } }]);
      });

      test('and answers 502 where nothing listens there', async () => {
        rig().recorder.phase = async (pdk) => {
          await pdk('kong.service.set_target', host, 1);
        };

        expect(await rig().get('/held')).toMatchObject({ status: 502 });
      });
    });

    test('exit answers the request and ends the phase', async () => {
      const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '5' };
      rig().recorder.phase = async (pdk) => {
        await pdk('kong.response.exit', 503, '{"title":"asleep"}', headers);
      };
      const answer = await rig().get('/held');

      expect(answer).toMatchObject({ status: 503, body: '{"title":"asleep"}' });
      expect(answer.headers).toMatchObject({
        'content-type': 'application/problem+json',
        'retry-after': '5',
        'content-length': '18',
        server: `kong/${rig().version.number}`,
      });
      expect(answer.headers).not.toHaveProperty('via');
      expect(rig().recorder.methods).toEqual(['HandleEvent']);
      expect(rig().backend.asked).toHaveLength(0);
    });

    test('exit with a table answers JSON, without a body nothing', async () => {
      rig().recorder.phase = async (pdk) => {
        await pdk('kong.response.exit', 404, { a: 1 });
      };
      const json = await rig().get('/held');
      rig().recorder.phase = async (pdk) => {
        await pdk('kong.response.exit', 204);
      };
      const nothing = await rig().get('/held');

      expect(json).toMatchObject({ status: 404, body: '{"a":1}' });
      expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(nothing).toMatchObject({ status: 204, body: '' });
    });
  });
}
