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
        via: rig().version.via,
        'x-backend': 'echo',
        'x-kong-upstream-latency': expect.stringMatching(/^\d+$/),
        'x-kong-proxy-latency': expect.stringMatching(/^\d+$/),
      });
      // The backend itself names none.
      expect(answer.headers.server).toBe(rig().version.isThree ? `kong/${rig().version.number}` : undefined);
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
      expect(JSON.parse(answer.body)).toEqual(rig().kongsOwn('no Route matched with those values'));
    });

    test('no endpoint: the plugin runs first, then the balancer refuses', async () => {
      const answer = await rig().get('/empty');

      expect(rig().recorder.methods).toContain('HandleEvent');
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.body)).toEqual(rig().kongsOwn('failure to get a peer from the ring-balancer'));
      expect(answer.headers).not.toHaveProperty('x-kong-upstream-latency');
    });

    test.each([
      ['application/json', '{\n  "message":"An invalid response was received from the upstream server"ID\n}'],
      ['*/*', '{\n  "message":"An invalid response was received from the upstream server"ID\n}'],
      ['text/plain', 'An invalid response was received from the upstream server\nID'],
    ])('an endpoint that refuses, for a client that accepts %s', async (accept, body) => {
      const answer = await rig().get('/dead', { Accept: accept });
      const id = String(answer.headers['x-kong-request-id']);
      const inBody = accept === 'text/plain' ? `request_id: ${id}\n` : `,\n  "request_id":"${id}"`;

      expect(answer).toMatchObject({ status: 502, body: body.replace('ID', rig().version.isThree ? inBody : '') });
    });

    test('in 3.x the backend and the client are told the request’s id', async () => {
      const answer = await rig().get('/plain');
      const told = answer.headers['x-kong-request-id'];

      expect(told === undefined).toBe(!rig().version.isThree);
      expect(rig().backend.asked[0]?.headers['x-kong-request-id']).toBe(told);
      expect(rig().backend.asked[0]?.headers.via).toBe(rig().version.isThree ? rig().version.via : undefined);
    });

    test.each(['text/plain', 'text/html', 'application/json'])(
      'no route, for a client that accepts %s: JSON in 2.8, as it likes in 3.x',
      async (accept) => {
        const answer = await rig().get('/elsewhere', { Accept: accept });

        expect(answer.headers['content-type']).toBe(
          `${rig().version.isThree ? accept : 'application/json'}; charset=utf-8`,
        );
      },
    );
  });
}
