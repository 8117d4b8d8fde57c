import { request } from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { sleep, until } from '../../real-parts/wait';
import { KongRig, pluginConfig } from '../support/kong-rig';
import { KubernetesAccount } from '../support/kubernetes-account';
import { describeWith, stopAll } from '../support/suite';

const HOST = 'shop.example';
const TTL_S = 4;

describeWith(['kong'], 'a request that outlives its message, on a real Kong', () => {
  describe.each([1, 2])('with %d workers', (workers) => {
    let rig: KongRig;
    let kubernetes: KubernetesAccount;
    beforeAll(async () => {
      kubernetes = await KubernetesAccount.start();
      kubernetes.pod('shop');
      const entries = (pluginConfig({ name: 'shop' }) as { backend: object[] }).backend;
      // Kong reaches it by its address here, which names no Service.
      const backend = entries.map((entry) => ({ ...entry, service: 'shop.default:8080' }));
      rig = await KongRig.start({
        workers,
        serverlessEnv: kubernetes.env,
        kongEnv: { KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT: '1' },
        backends: [
          { name: 'shop', hosts: [HOST], plugin: { backend, message_ttl: TTL_S, lease: 1000, probe: { settle: 200 } } },
        ],
      });
    }, 120_000);
    afterAll(stopAll(() => [rig, kubernetes]));

    const inFlight = (): number[] =>
      rig.dapr.published.flatMap(({ message }) => {
        const { inFlight: open } = message as { inFlight?: number };
        return open === undefined ? [] : [open];
      });
    const wakes = async (): Promise<void> => {
      kubernetes.pod('shop', { address: '127.0.0.1', port: rig.backend('shop').port, ready: true });
      await rig.backend('shop').become('ready');
    };
    /** Two looks come to nothing: what was open is closed. */
    const falls = async (): Promise<void> => {
      await until('no message says that anything is open', async () => {
        const before = inFlight().length;
        await sleep(TTL_S * 1000);
        return inFlight().length === before;
      });
      kubernetes.pod('shop');
      await rig.backend('shop').become('asleep');
      await sleep(1500); // Longer than the lease.
    };

    test('a download keeps its backend up until it ends', async () => {
      const backend = rig.backend('shop');
      const asked = request({ port: rig.kong.proxyPort, path: '/shop/unfinished', headers: { host: HOST } }).end();
      await rig.holds(1, 'shop');
      await wakes();
      const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
      expect(response.statusCode).toBe(200);
      const chunks: string[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
      await sleep(2.5 * TTL_S * 1000);
      expect(inFlight().length).toBeGreaterThanOrEqual(4);
      expect(Math.max(...inFlight())).toBeLessThanOrEqual(3);
      backend.finish();
      await once(response, 'end');
      expect(chunks.join('')).toBe('begun finished');
      await falls();
    }, 60_000);

    test('a WebSocket is held, upgraded, and keeps its backend up while it is silent', async () => {
      const before = inFlight().length;
      const asked = request({
        port: rig.kong.proxyPort,
        path: '/shop/socket',
        headers: { host: HOST, connection: 'Upgrade', upgrade: 'websocket' },
      }).end();
      await rig.holds(1, 'shop');
      await wakes();
      const [response, socket] = (await once(asked, 'upgrade')) as [{ statusCode: number }, Duplex];
      expect(response.statusCode).toBe(101);
      socket.write('both ways');
      expect(String((await once(socket, 'data'))[0])).toBe('both ways');
      await sleep(2.5 * TTL_S * 1000);
      expect(inFlight().length - before).toBeGreaterThanOrEqual(4);
      socket.write('still there');
      expect(String((await once(socket, 'data'))[0])).toBe('still there');
      socket.destroy();
      await falls();
    }, 60_000);
  });
});
