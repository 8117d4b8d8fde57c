/* eslint-disable jest/no-export -- the same tests run against two gateways. */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { encode } from '@msgpack/msgpack';
import { send, sendMany, tally } from '../../../real-parts/http';
import { until } from '../../../real-parts/wait';
import { CLOSE_NOTICE, lastAnswer } from '../../../src/rpc/close-notice';
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
      const seen: Socket[] = [];
      rig().recorder.phase = teapot;
      rig().recorder.intercept = (_call, answer, socket) => {
        seen.push(socket);
        socket.write(Buffer.concat([encode(answer), CLOSE_NOTICE]));
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
        socket.write(lastAnswer(encode(answer)) ?? '');
        return 'silence';
      };
      for (let round = 0; round < 20; round += 1)
        expect(tally(await sendMany(20, { port: rig().gateway.port, path: '/held' }))).toEqual({ '418': 20 });

      expect(again).toBe(0);
      expect(left.size).toBe(400);
      await until('they are closed', () => [...left].every((socket) => socket.closed));
    }, 20_000);

    test('a notice that meets a call, and one behind its answer, leave nothing that a later call could read', async () => {
      const left = new WeakSet<Socket>();
      let again = 0;
      rig().recorder.phase = async (pdk) => {
        await pdk('kong.request.get_path');
        await pdk('kong.response.exit', 418);
      };
      rig().recorder.intercept = (call, answer, socket) => {
        if (left.has(socket)) again += 1;
        if (call.method !== 'Step') return undefined;
        left.add(socket);
        socket.write(CLOSE_NOTICE);
        // While Kong reads the notice.
        setImmediate(() => socket.write(lastAnswer(encode(answer)) ?? ''));
        return 'silence';
      };
      const agent = new Agent({ keepAlive: true });
      const ask = async (): Promise<void> => {
        for (let n = 0; n < 12; n += 1)
          expect((await send({ port: rig().gateway.port, path: '/held', agent })).status).toBe(418);
      };
      await Promise.all(Array.from({ length: 8 }, ask));
      agent.destroy();

      expect(again).toBe(0);
    }, 20_000);

    test('a Step that is answered with `no plugin instance` has the gateway begin the phase anew', async () => {
      let runs = 0;
      rig().recorder.phase = async (pdk) => {
        runs += 1;
        await pdk('kong.request.get_path');
        await teapot(pdk);
      };
      let answered = 0;
      rig().recorder.intercept = ({ method }, answer) => {
        if (method !== 'Step' || answered === 2) return undefined;
        answered += 1;
        return [1, answer[1], 'no plugin instance for event 1', null];
      };

      expect((await rig().get('/held')).status).toBe(418);
      expect(runs).toBe(3);
      expect(rig().recorder.methods.filter((method) => method === 'StartInstance').length).toBeGreaterThanOrEqual(2);
    });
  });
}
