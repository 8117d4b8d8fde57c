/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import { send } from '../../../real-parts/http';
import type { GatewayRig } from './gateway-rig';

/** How a gateway proxies a request, and what it answers itself. */
export function proxyingContract(rig: () => GatewayRig): void {
  describe('proxying', () => {
    test('the backend is asked with the path, the host and where the request came from', async () => {
      await send({
        port: rig().gateway.port,
        path: '/plain/a%2Fb?c=d',
        method: 'POST',
        body: 'hello',
        headers: { Host: 'shop.example:1234' },
      });

      expect(rig().backend.asked[0]).toMatchObject({
        url: '/plain/a%2Fb?c=d',
        body: 'hello',
        headers: {
          host: 'shop.example:1234',
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': 'shop.example',
          'x-forwarded-port': String(rig().gateway.port),
          'x-forwarded-path': '/plain/a%2Fb',
          'x-real-ip': '127.0.0.1',
        },
      });
    });

    test('a client cannot pretend to come from elsewhere', async () => {
      await rig().get('/plain', {
        'X-Forwarded-For': '10.0.0.1',
        'X-Forwarded-Proto': 'https',
        'X-Real-IP': '10.0.0.1',
      });

      expect(rig().backend.asked[0]?.headers).toMatchObject({
        'x-forwarded-for': '10.0.0.1, 127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-real-ip': '127.0.0.1',
      });
    });

    test('the answer tells that it came from the backend, and how long that took', async () => {
      const answer = await rig().get('/plain');

      expect(answer).toMatchObject({ status: 200, body: 'from the backend' });
      expect(answer.headers).toMatchObject({
        via: 'kong/2.8.1',
        'x-backend': 'echo',
        'x-kong-upstream-latency': expect.stringMatching(/^\d+$/),
        'x-kong-proxy-latency': expect.stringMatching(/^\d+$/),
      });
      expect(answer.headers).not.toHaveProperty('server');
    });

    test('a path that is stripped', async () => {
      await rig().get('/strip/below?q');
      await rig().get('/strip');

      expect(rig().backend.asked.map(({ url }) => url)).toEqual(['/below?q', '/']);
    });

    test('an exact path matches nothing below it', async () => {
      expect((await rig().get('/exact')).status).toBe(200);
      expect((await rig().get('/exact/below')).status).toBe(404);
    });

    test('no route', async () => {
      const answer = await rig().get('/elsewhere');

      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toEqual({ message: 'no Route matched with those values' });
    });

    test('no endpoint: the plugin runs first, then the balancer refuses', async () => {
      const answer = await rig().get('/empty');

      expect(rig().recorder.methods).toContain('HandleEvent');
      expect(answer.status).toBe(503);
      expect(answer.body).toBe('{"message":"failure to get a peer from the ring-balancer"}');
      expect(answer.headers).not.toHaveProperty('x-kong-upstream-latency');
    });

    test.each([
      ['application/json', '{\n  "message":"An invalid response was received from the upstream server"\n}'],
      ['*/*', '{\n  "message":"An invalid response was received from the upstream server"\n}'],
      ['text/plain', 'An invalid response was received from the upstream server\n'],
    ])('an endpoint that refuses, for a client that accepts %s', async (accept, body) => {
      const answer = await rig().get('/dead', { Accept: accept });

      expect(answer).toMatchObject({ status: 502, body });
    });
  });
}
