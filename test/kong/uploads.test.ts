import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { findPart } from '../../real-parts/find';
import { sleep, until } from '../../real-parts/wait';
import { KongRig } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

const GIGABYTE = 2 ** 30;
const CHUNK = Buffer.alloc(2 ** 20, 'what is sent while nobody is there to take it. ');

/** What the backend says of the body: how much it was, and its hash. */
const digestOf = async (sent: ClientRequest): Promise<{ status: number; said: unknown }> => {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await text(response);
  return { status: response.statusCode ?? 0, said: response.statusCode === 200 ? JSON.parse(body) : body };
};

/** Writes so many bytes, as fast as they are taken. */
const pour = async (to: ClientRequest, bytes: number): Promise<string> => {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
    hash.update(chunk);
    if (!to.write(chunk)) await once(to, 'drain');
  }
  to.end();
  return hash.digest('hex');
};

describeWith(['kong'], 'bodies that come while their request is held, on a real Kong', () => {
  describe.each([1, 2])('with %d workers', (workers) => {
    let rig: KongRig;
    beforeAll(async () => {
      rig = await KongRig.start({
        workers,
        backends: [{ name: 'shop', plugin: { hold_timeout: 60_000, lease: 1000, probe: { settle: 200 } } }],
      });
    }, 120_000);
    beforeEach(() => rig.sleep('shop'));
    afterAll(stopAll(() => [rig]));

    const post = (headers: Record<string, string> = {}): ClientRequest =>
      request({ port: rig.kong.proxyPort, path: '/shop/digest', method: 'POST', headers, agent: false });

    /** The most that either process had more than before, kB, looked at all the time until `during` ends. */
    const growth = async (during: Promise<unknown>): Promise<{ kong: number; server: number }> => {
      const isLocal = findPart('kong').how === 'binary';
      const sizes = async (): Promise<[number, number]> => [
        isLocal ? await rig.kong.privateKb() : 0,
        rig.serverless.rssKb(),
      ];
      const [kong, server] = await sizes();
      const most = { kong: 0, server: 0 };
      let done = false;
      void during.finally(() => (done = true));
      await until(
        'it is done',
        async () => {
          const now = await sizes();
          most.kong = Math.max(most.kong, now[0] - kong);
          most.server = Math.max(most.server, now[1] - server);
          return done;
        },
        { timeoutMs: 110_000, everyMs: 50 },
      );
      return most;
    };

    test('1 GB with Expect: 100-continue: asked for only once the backend is there, whole, once, and memory stays flat', async () => {
      const before = rig.backend('shop').served;
      const sent = post({ expect: '100-continue', 'content-length': String(GIGABYTE) });
      sent.flushHeaders();
      let asked = false;
      const poured = once(sent, 'continue').then(() => {
        asked = true;
        return pour(sent, GIGABYTE);
      });
      const answer = digestOf(sent);
      await rig.holds(1, 'shop');
      await sleep(500);
      expect(asked).toBe(false);
      await rig.backend('shop').become('ready');
      const grown = await growth(answer);
      say(`1 GB, ${workers} workers: nginx grew by ${grown.kong} kB, the plugin server by ${grown.server} kB`);
      expect(await answer).toEqual({ status: 200, said: { bytes: GIGABYTE, sha256: await poured } });
      expect(rig.backend('shop').served - before).toBe(1);
      expect(grown.kong).toBeLessThan(32 * 1024);
      expect(grown.server).toBeLessThan(32 * 1024);
    }, 120_000);

    test('a chunked body that comes at once, and one that comes slowly: whole, once each', async () => {
      const before = rig.backend('shop').served;
      const [fast, slow] = [post({ 'transfer-encoding': 'chunked' }), post({ 'transfer-encoding': 'chunked' })];
      const answers = [digestOf(fast), digestOf(slow)];
      const poured = pour(fast, 64 * CHUNK.length);
      const hash = createHash('sha256');
      const piece = async (): Promise<void> => {
        hash.update('drop by drop');
        slow.write('drop by drop');
        await sleep(50);
      };
      for (let n = 0; n < 20; n += 1) await piece();
      await rig.holds(2, 'shop');
      await rig.backend('shop').become('ready');
      for (let n = 0; n < 20; n += 1) await piece();
      slow.end();
      expect(await Promise.all(answers)).toEqual([
        { status: 200, said: { bytes: 64 * CHUNK.length, sha256: await poured } },
        { status: 200, said: { bytes: 40 * 12, sha256: hash.digest('hex') } },
      ]);
      expect(rig.backend('shop').served - before).toBe(2);
    }, 60_000);

    test('a client that leaves in the middle of its body frees its place once it is noticed', async () => {
      const sent = post({ 'content-length': String(GIGABYTE) });
      sent.on('error', () => undefined);
      sent.write(CHUNK);
      await rig.holds(1, 'shop');
      sent.destroy();
      await rig.backend('shop').become('ready');
      await rig.holds(0, 'shop');
      expect((await rig.get('/shop/')).status).toBe(200);
    }, 60_000);
  });
});
