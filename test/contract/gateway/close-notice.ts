/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import type { Socket } from 'node:net';
import { encode } from '@msgpack/msgpack';
import { sendMany, tally } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { CLOSE_NOTICE } from '../../../src/rpc/close-notice';
import type { Pdk } from '../recording-plugin-server';
import type { GatewayRig } from './gateway-rig';

/** How a gateway takes the close notice of a plugin server that shuts down. */
export function closeNoticeContract(rig: () => GatewayRig): void {
  describe('a plugin server that shuts down', () => {
    const teapot = async (pdk: Pdk): Promise<void> => {
      await pdk('kong.response.exit', 418);
    };

    test('a close notice before an answer is skipped', async () => {
      rig().recorder.phase = teapot;
      rig().recorder.intercept = (_call, _answer, socket) => {
        socket.write(CLOSE_NOTICE);
        return undefined;
      };

      expect(tally(await sendMany(20, { port: rig().gateway.port, path: '/held' }))).toEqual({ '418': 20 });
    });

    test('a close notice on an idle connection closes it', async () => {
      const idle = new Set<Socket>();
      rig().recorder.intercept = (_call, _answer, socket) => {
        idle.add(socket);
        return undefined;
      };
      expect(tally(await sendMany(20, { port: rig().gateway.port, path: '/held' }))).toEqual({ '200': 20 });
      for (const socket of idle) socket.write(CLOSE_NOTICE);

      await until('they are closed', () => [...idle].every((socket) => socket.closed));
    });

    test('a short one that comes with an answer is lost: the connection is used again', async () => {
      const short = encode([2, 'serverless.short', null]);
      const seen: Socket[] = [];
      rig().recorder.phase = teapot;
      rig().recorder.intercept = (_call, answer, socket) => {
        seen.push(socket);
        socket.write(Buffer.concat([encode(answer), short]));
        return 'silence';
      };
      for (let request = 0; request < 10; request += 1) expect((await rig().get('/held')).status).toBe(418);

      expect(new Set(seen).size).toBeLessThan(seen.length);
    });

    test('a connection whose answer comes with a close notice is never used again, however soon the next call is', async () => {
      const left = new Set<Socket>();
      let again = 0;
      rig().recorder.phase = teapot;
      rig().recorder.intercept = (_call, answer, socket) => {
        if (left.has(socket)) again += 1;
        left.add(socket);
        socket.write(Buffer.concat([encode(answer), CLOSE_NOTICE]));
        return 'silence';
      };
      for (let round = 0; round < 20; round += 1)
        expect(tally(await sendMany(20, { port: rig().gateway.port, path: '/held' }))).toEqual({ '418': 20 });

      expect(again).toBe(0);
      expect(left.size).toBe(400);
      await until('they are closed', () => [...left].every((socket) => socket.closed));
    });
  });
}
