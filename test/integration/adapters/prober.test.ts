import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import net from 'node:net';
import { OwnProbes } from '../../../src/adapters/own-probes';
import { LineProber } from '../../../src/adapters/prober';
import type { ProbeSettings } from '../../../src/core/backend';
import { normalizePath } from '../../../src/core/match';
import type { ProbeResult } from '../../../src/core/reports';
import { FakeClock } from '../../support/fake-clock';
import { exampleBackend } from '../../unit/core/example-backend';
import { CERTIFICATE, KEY } from '../../../demo/kubernetes/certificate';
import type { Listening } from './gateway';
import { FakeGateway, listen, until } from './gateway';

let ownProbes: OwnProbes;
let gateway: FakeGateway;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  ownProbes = new OwnProbes();
  gateway = await new FakeGateway(ownProbes).start();
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await gateway.stop();
});

type Changes = Parameters<typeof exampleBackend>[0];

interface Rounds {
  readonly prober: LineProber;
  /** One round: all its results. */
  readonly round: (workers?: number[], host?: string, settings?: Partial<ProbeSettings>) => Promise<ProbeResult[]>;
}

function probing(changes: Changes = {}, gatewayUrl = gateway.url, clock?: FakeClock): Rounds {
  const backend = exampleBackend(changes);
  const prober = new LineProber(backend, { http: gatewayUrl, grpc: gatewayUrl }, ownProbes, clock);
  closers.push(() => {
    prober.close();
  });
  return {
    prober,
    round: (workers = [11], host, settings) =>
      new Promise((resolve) => {
        const results: ProbeResult[] = [];
        prober.probe({ workers, host, settings: { ...backend.probe, ...settings } }, (result) => {
          results.push(result);
          if (result.last) resolve(results);
        });
      }),
  };
}

async function serve(handler: http.RequestListener): Promise<Listening> {
  const server = await listen(http.createServer(handler));
  closers.push(() => server.close());
  return server;
}

describe('one probe', () => {
  test('asks the health path through the gateway, with a ticket that is told from a forged one', async () => {
    gateway.ready.add(11);
    const results = await probing().round();
    expect(results).toEqual([{ outcome: 'passed', worker: 11, report: { status: 200 }, last: true }]);
    const [seen] = gateway.seen;
    expect(seen!.url).toBe('/kong/healthz.html');
    expect(seen!.headers['x-serverless-probe']).toMatch(/^[\da-f-]{36}$/);
    expect(seen!.headers['user-agent']).toBe('kong-serverless-probe');
    expect(ownProbes.inFlightFor('/kong/healthz.html')).toBe(false);
  });

  test('carries the Host of the request that waits, unless one is configured', async () => {
    await probing().round([11], 'shop.example.com');
    await probing({ probe: { host: 'health.example.com' } }).round([11], 'shop.example.com');
    await probing().round();
    expect(gateway.seen.map(({ headers }) => headers.host)).toEqual([
      'shop.example.com',
      'health.example.com',
      new URL(gateway.url).host,
    ]);
  });

  test('passes with a status that is configured now, and with no other', async () => {
    const { round } = probing();
    gateway.answer = (_request, response) => response.writeHead(204).end();
    expect(await round([11])).toMatchObject([{ outcome: 'failed', report: { status: 204 } }]);
    expect(await round([11], undefined, { statuses: [200, 204] })).toMatchObject([{ outcome: 'passed' }]);
  });

  test('does not follow a redirect: it fails, and says the status', async () => {
    gateway.answer = (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end();
    expect(await probing().round()).toMatchObject([{ outcome: 'failed', report: { status: 302 } }]);
    expect(gateway.seen).toHaveLength(1);
  });

  test.each(['/caf%C3%A9/healthz', '/my%20app//healthz', '/%7Euser/%2f'])(
    'of %j is expected in the form in which paths are compared',
    async (healthPath) => {
      let expected = false;
      gateway.answer = (_request, response) => {
        expected = ownProbes.expects(normalizePath(healthPath));
        response.end();
      };
      await probing({ healthPath }).round();
      expect(expected).toBe(true);
    },
  );

  test('keeps the query of a health path', async () => {
    gateway.ready.add(11);
    const results = await probing({ healthPath: '/kong/healthz?full=1' }).round();
    expect(results).toMatchObject([{ outcome: 'passed', worker: 11 }]);
    expect(gateway.seen[0]!.url).toBe('/kong/healthz?full=1');
  });
});

describe('a health answer that is out of order', () => {
  test('a body of 1 GB passes by its status, and is not read', async () => {
    let sent = 0;
    gateway.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 2 ** 30 });
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on('drain', more);
      more();
    };
    expect(await probing().round()).toMatchObject([{ outcome: 'passed', report: { status: 200 } }]);
    // What lies in the buffers of two sockets.
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  test('a body that never ends does not pass, and ends with the timeout', async () => {
    gateway.answer = (_request, response) => {
      response.writeHead(200).write('still ');
    };
    const [result] = await probing().round([11], undefined, { timeoutMs: 400 });
    expect(result).toMatchObject({ outcome: 'timed-out', worker: 11, last: true });
    expect(result!.report.error).toBe('ETIMEDOUT: no answer within 400 ms');
  });

  test('no answer at all ends with the timeout', async () => {
    gateway.answer = () => undefined;
    const [result] = await probing().round([11], undefined, { timeoutMs: 60 });
    expect(result).toMatchObject({ outcome: 'timed-out', report: { error: 'ETIMEDOUT: no answer within 60 ms' } });
  });

  test('a connection that is reset, before or within the answer', async () => {
    gateway.answer = (request) => request.socket.resetAndDestroy();
    expect((await probing().round())[0]!.report.error).toMatch(/ECONNRESET/);
    gateway.answer = (request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('half', () => request.socket.resetAndDestroy());
    };
    expect(await probing().round()).toMatchObject([{ outcome: 'unanswered' }]);
  });

  test('something that is not HTTP', async () => {
    const server = net.createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const { port } = server.address() as net.AddressInfo;
    const [result] = await probing({}, `http://127.0.0.1:${port}`).round();
    expect(result).toMatchObject({ outcome: 'unanswered' });
    expect(result!.report.error).toMatch(/^HPE_/);
  });

  test('TLS where it is not expected, and none where it is', async () => {
    const tls = await listen(https.createServer({ key: KEY, cert: CERTIFICATE }), 'https');
    closers.push(() => tls.close());
    const plain = await serve((_request, response) => response.end('ok'));
    expect(await probing({}, `http://127.0.0.1:${tls.port}`).round()).toMatchObject([{ outcome: 'unanswered' }]);
    const [result] = await probing({}, `https://127.0.0.1:${plain.port}`).round();
    expect(result!.report.error).toMatch(/EPROTO|ERR_SSL/);
  });

  test('nothing that listens', async () => {
    const server = await serve(() => undefined);
    await server.close();
    const [result] = await probing({}, server.url).round();
    expect(result).toMatchObject({ outcome: 'unanswered', worker: 0 });
    expect(result!.report.error).toMatch(/^ECONNREFUSED/);
  });
});

test('the certificate of a gateway on this machine is not asked for: it is made for another name', async () => {
  const server = await listen(
    https.createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => response.end('ok')),
    'https',
  );
  closers.push(() => server.close());
  expect(await probing({}, server.url).round()).toMatchObject([{ outcome: 'passed' }]);
});

describe('lines', () => {
  test('the line of a worker is kept: many probes, one connection', async () => {
    const { round } = probing();
    for (let turn = 0; turn < 10; turn++) await round([11]);
    expect(gateway.connections).toBe(1);
    expect(gateway.workers).toEqual(Array(10).fill(11));
  });

  test('the lines of all waiting workers are found, a few connections at a time', async () => {
    gateway.assign = (connection) => 11 + (connection % 4);
    const { round } = probing();
    const found = new Set<number>();
    for (let turn = 0; found.size < 4; turn++) {
      expect(turn).toBeLessThan(10);
      const results = await round([11, 12, 13, 14]);
      expect(results.length).toBeLessThanOrEqual(4);
      expect(results.filter(({ last }) => last)).toEqual([results.at(-1)]);
      for (const { worker } of results) found.add(worker);
    }
    const before = gateway.connections;
    for (const worker of [14, 12, 11, 13, 12]) expect(await round([worker])).toMatchObject([{ worker }]);
    expect(gateway.connections).toBe(before);
    // Connections that led to a worker twice were closed again.
    await until(() => gateway.open === 4);
  });

  test('they take turns when several workers wait', async () => {
    gateway.assign = (connection) => 11 + (connection % 3);
    const { round } = probing();
    for (let turn = 0; turn < 3; turn++) await round([11, 12, 13]);
    gateway.seen.length = 0;
    for (let turn = 0; turn < 6; turn++) expect(await round([11, 12, 13])).toHaveLength(1);
    expect([...gateway.workers].sort()).toEqual([11, 11, 12, 12, 13, 13]);
  });

  test('a worker that takes no connection costs four at once every other round, not more', async () => {
    gateway.assign = () => 11;
    const { round } = probing();
    const sizes = [];
    for (let turn = 0; turn < 8; turn++) sizes.push((await round([11, 12])).length);
    expect(sizes).toEqual([1, 4, 1, 4, 1, 4, 1, 4]);
    await until(() => gateway.open === 1);
  });

  test('a worker that takes none for long is looked for ever more seldom; meanwhile one probe a round tells how the backend is', async () => {
    gateway.assign = () => 11;
    gateway.ready.add(11);
    const { round } = probing();
    const sizes: number[] = [];
    for (let turn = 0; turn < 130; turn++) {
      const results = await round([12]);
      sizes.push(results.length);
      expect(results).toContainEqual(expect.objectContaining({ outcome: 'passed', worker: 11 }));
    }
    const searches = sizes.flatMap((size, index) => (size > 1 ? [index + 1] : []));
    expect(searches).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 32, 64, 128]);
    expect(gateway.connections).toBe(1 + 4 * searches.length);
  });

  test('a worker that is missing for the first time is looked for at once, whatever the others cost', async () => {
    gateway.assign = () => 11;
    const { round } = probing();
    for (let turn = 0; turn < 20; turn++) await round([11, 12]);
    gateway.assign = (connection) => 11 + (connection % 2) * 2;
    const found = new Set<number>();
    for (let turn = 0; turn < 3; turn++) for (const { worker } of await round([12, 13])) found.add(worker);
    expect(found).toContain(13);
  });

  test('a worker that was missing long ago is looked for as if for the first time', async () => {
    gateway.assign = () => 11;
    const clock = new FakeClock();
    const { round } = probing({}, gateway.url, clock);
    for (let turn = 0; turn < 20; turn++) await round([11, 12]);
    await clock.advance(60_000);
    const sizes = [];
    for (let turn = 0; turn < 4; turn++) sizes.push((await round([11, 12])).length);
    expect(sizes).toEqual([1, 4, 1, 4]);
  });

  test('lines of workers that are gone are not kept: 50 reloads of the gateway', async () => {
    const { prober, round } = probing();
    for (let reload = 0; reload < 50; reload++) {
      const workers = [100 + 2 * reload, 101 + 2 * reload];
      gateway.assign = (connection) => workers[connection % 2]!;
      for (let turn = 0; turn < 3; turn++) await round(workers);
      expect(prober.size).toBe(2);
      gateway.closeAll();
      await until(() => gateway.open === 0);
    }
  }, 30_000);

  test('a connection that the gateway closed may come back on another worker, and is filed anew', async () => {
    const workers = [11, 12, 11];
    gateway.assign = (connection) => workers[connection] ?? 11;
    gateway.answer = (_request, response) => response.writeHead(200, { connection: 'close' }).end();
    const { round } = probing();
    expect(await round([11])).toMatchObject([{ worker: 11 }]);
    expect(await round([11])).toMatchObject([{ worker: 12 }]);
    // The line that was worker 11's is 12's now, so that of 11 is looked for.
    expect((await round([11])).map(({ worker }) => worker)).toContain(11);
  });

  test('two rounds at once do not share a connection', async () => {
    gateway.assign = (connection) => 11 + (connection % 2);
    const { round } = probing();
    await round([11, 12]);
    await round([11, 12]);
    const [one, two] = await Promise.all([round([11]), round([12])]);
    expect([one, two]).toMatchObject([[{ worker: 11 }], [{ worker: 12 }]]);
  });

  test('a request whose worker is unknown is asked for through any', async () => {
    const { round } = probing();
    await round([0]);
    await round([]);
    expect(gateway.connections).toBe(1);
  });

  test('a health path that does not come by the plugin is asked once a round, over one connection', async () => {
    gateway.plugin = false;
    const { round } = probing();
    const sizes = [];
    for (let turn = 0; turn < 6; turn++) sizes.push((await round([11, 12])).length);
    expect(sizes).toEqual([1, 1, 1, 1, 1, 1]);
    expect(gateway.connections).toBe(1);
    gateway.plugin = true;
    gateway.assign = () => 12;
    const workers = new Set<number>();
    for (let turn = 0; turn < 3; turn++) for (const { worker } of await round([11, 12])) workers.add(worker);
    expect(workers).toEqual(new Set([11, 12]));
  });

  test('closing ends all connections, also one in use', async () => {
    gateway.answer = () => undefined;
    const { prober, round } = probing();
    const pending = round([11]);
    await until(() => gateway.seen.length > 0);
    prober.close();
    for (const { socket } of gateway.seen) socket.destroy();
    expect(await pending).toMatchObject([{ outcome: 'unanswered' }]);
    await until(() => gateway.open === 0);
  });
});

test('a probe that timed out in the queue is recognised when its turn comes', async () => {
  let ticket = '';
  gateway.plugin = false;
  gateway.answer = (request) => {
    ticket = String(request.headers['x-serverless-probe']);
  };
  await probing().round([11], undefined, { timeoutMs: 50 });
  expect(ownProbes.expects('/kong/healthz.html')).toBe(true);
  expect(ownProbes.met(ticket, 11)).toBe(true);
});

describe('a direct probe', () => {
  test('goes to its URL, over one connection, with no ticket and not with the Host of a request', async () => {
    const seen: http.IncomingMessage[] = [];
    const pod = await serve((request, response) => {
      seen.push(request);
      response.end('ok');
    });
    const { round } = probing({ probe: { url: `${pod.url}/live?x=1` } });
    for (let turn = 0; turn < 5; turn++) {
      expect(await round([11, 12], 'shop.example.com')).toEqual([
        { outcome: 'passed', worker: 0, report: { status: 200 }, last: true },
      ]);
    }
    expect(pod.connections()).toBe(1);
    expect(gateway.seen).toEqual([]);
    expect(seen[0]!.url).toBe('/live?x=1');
    expect(seen[0]!.headers).not.toHaveProperty('x-serverless-probe');
    expect(seen[0]!.headers.host).toBe(`127.0.0.1:${pod.port}`);
  });

  test('carries a configured Host', async () => {
    let host;
    const pod = await serve((request, response) => {
      host = request.headers.host;
      response.end('ok');
    });
    await probing({ probe: { url: pod.url, host: 'pod.example.com' } }).round();
    expect(host).toBe('pod.example.com');
  });
});
