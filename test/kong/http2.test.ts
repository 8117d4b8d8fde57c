import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { text } from 'node:stream/consumers';
import { KongRig } from '../support/kong-rig';
import { describeWith, stopAll } from '../support/suite';

/** nginx ends a connection after 100. */
const STREAMS = 60;
const RESET = 25;

describeWith(['kong'], 'a client with HTTP/2, on a real Kong', () => {
  describe.each([1, 2])('with %d workers', (workers) => {
    let rig: KongRig;
    let client: ClientHttp2Session;
    beforeAll(async () => {
      rig = await KongRig.start({
        workers,
        http2: true,
        kongEnv: { KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT: 'on' },
        backends: [
          {
            name: 'shop',
            protocols: ['http', 'https'],
            plugin: { hold_timeout: 60_000, lease: 1000, max_held: STREAMS },
          },
        ],
      });
    }, 120_000);
    beforeEach(async () => {
      await rig.sleep('shop');
      client = connect(`https://127.0.0.1:${rig.http2.tls}`, { rejectUnauthorized: false });
    });
    afterEach(() => {
      client.destroy();
    });
    afterAll(stopAll(() => [rig]));

    const get = (n: number): ClientHttp2Stream => {
      const stream = client.request({ ':path': `/shop/${n}` });
      stream.on('error', () => undefined);
      return stream;
    };
    const answerOf = async (stream: ClientHttp2Stream): Promise<[unknown, string]> => {
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      return [headers[':status'], await text(stream)];
    };

    test('each of many streams on one connection is held; one that is reset frees its place, the others are answered', async () => {
      const before = rig.backend('shop').served;
      const streams = Array.from({ length: STREAMS }, (_, n) => get(n));
      const answers = streams.slice(RESET).map(answerOf);
      await rig.holds(STREAMS, 'shop');
      expect((await answerOf(get(STREAMS)))[0]).toBe(503);
      for (const stream of streams.slice(0, RESET)) stream.close(constants.NGHTTP2_CANCEL);
      await rig.holds(STREAMS - RESET, 'shop');
      await rig.backend('shop').become('ready');
      expect(await Promise.all(answers)).toEqual(streams.slice(RESET).map((_, n) => [200, `shop /shop/${n + RESET}`]));
      expect(rig.backend('shop').served - before).toBe(STREAMS - RESET);
    }, 60_000);

    test('a connection that breaks frees the places of all its streams', async () => {
      const streams = Array.from({ length: RESET }, (_, n) => get(n));
      await rig.holds(RESET, 'shop');
      client.destroy();
      await rig.holds(0, 'shop');
      expect(streams).toHaveLength(RESET);
    }, 60_000);
  });
});
