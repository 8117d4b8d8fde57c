/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import { request } from 'node:http';
import { sendMany, tally } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import type { GatewayRig } from './gateway-rig';

/** What becomes of a request when the plugin server fails. */
export function failingPluginServerContract(rig: () => GatewayRig): void {
  describe('a plugin server that fails', () => {
    test('an error is logged and the request is proxied', async () => {
      rig().recorder.intercept = ({ method }, [, id]) =>
        method === 'HandleEvent' ? [1, id, 'broken', null] : undefined;

      expect(await rig().get('/held')).toMatchObject({ status: 200, body: 'from the backend' });
    });

    test('silence for the read timeout: the request is proxied', async () => {
      rig().recorder.intercept = () => 'silence';
      const answer = await rig().get('/held');

      expect(answer).toMatchObject({ status: 200, body: 'from the backend' });
      expect(answer.ms).toBeGreaterThan(900);
      expect(answer.ms).toBeLessThan(3000);
    });

    test('an answer after the timeout, on a connection that is idle by then, hurts nobody', async () => {
      let late: () => void = () => undefined;
      rig().recorder.intercept = (_call, answer, socket) => {
        late = () => {
          rig().recorder.intercept = () => undefined;
          socket.write(Buffer.from(JSON.stringify(answer)));
        };
        return 'silence';
      };
      await rig().get('/held');
      late();
      await new Promise((resolve) => setTimeout(resolve, 100));

      expect(tally(await sendMany(5, { port: rig().gateway.port, path: '/held' }))).toEqual({ '200': 5 });
    });

    test('its connection breaks: the request is proxied', async () => {
      rig().recorder.intercept = (_call, _answer, socket) => {
        socket.destroy();
        return 'silence';
      };

      expect(await rig().get('/held')).toMatchObject({ status: 200, body: 'from the backend' });
    });

    test('an answer with another id ends the request with 500', async () => {
      rig().recorder.intercept = (_call, [, id, error, result]) => [1, Number(id) + 1000, error, result];
      const answer = await rig().get('/held');

      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.body)).toEqual(rig().kongsOwn('An unexpected error occurred'));
    });

    test('a client that disconnects takes its connection to the plugin server with it', async () => {
      const held = new Promise<never>(() => undefined);
      rig().recorder.phase = () => held;
      const before = rig().recorder.connections;
      const client = request({ port: rig().gateway.port, host: '127.0.0.1', path: '/held', agent: false });
      client.on('error', () => undefined);
      client.end();
      await until('the phase runs', () => rig().recorder.methods.includes('HandleEvent'));
      client.destroy();

      await until('the connection is closed', () => rig().recorder.connections < Math.max(before, 1));
      expect(rig().backend.asked).toHaveLength(0);
    });
  });
}
