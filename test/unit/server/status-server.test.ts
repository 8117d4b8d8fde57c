import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/adapters/clock';
import { StatusServer } from '../../../src/server/status-server';
import { RecordingLog, until } from './server-rig';

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

function ask(port: number, path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode, type: response.headers['content-type'], body });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('the status server', () => {
  const log = new RecordingLog();
  let active = true;
  let metrics = (format: string): Promise<string> => Promise.resolve(`held 3 ${format}\n`);
  const source = { isActive: () => active, metrics: (format: string) => metrics(format), status: () => ({ held: 3 }) };
  const server = new StatusServer({ host: '127.0.0.1', port: 0 }, source, systemClock, log);
  let port: number;
  beforeAll(async () => {
    server.start();
    await until(() => server.address() !== null);
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.stop();
  });

  test('tells metrics in Prometheus’ format', async () => {
    const answer = await ask(port, '/metrics');
    expect(answer).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: 'held 3 prometheus\n',
    });
  });

  test('tells them in OpenMetrics to whoever takes that', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    const answer = await ask(port, '/metrics', 'GET', { accept });
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    expect(answer).toEqual({ status: 200, type, body: 'held 3 openmetrics\n' });
  });

  test('tells the status as JSON', async () => {
    expect(await ask(port, '/status?pretty')).toEqual({
      status: 200,
      type: 'application/json',
      body: '{"held":3}\n',
    });
  });

  test('is healthy while the process owns the socket, and not as a standby', async () => {
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200 });
    active = false;
    expect(await ask(port, '/healthz')).toMatchObject({ status: 503, body: 'standby\n' });
    active = true;
  });

  test('answers HEAD without a body, and refuses to be written to', async () => {
    expect(await ask(port, '/healthz', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await ask(port, '/healthz', 'POST')).toMatchObject({ status: 405 });
  });

  test.each(['/', '/metricsx', '/constructor'])('knows nothing of %s', async (path) => {
    expect(await ask(port, path)).toMatchObject({ status: 404 });
  });

  test('metrics that fail are an error of that answer only', async () => {
    metrics = () => Promise.reject(new Error('no metrics'));
    expect(await ask(port, '/metrics')).toMatchObject({ status: 500, body: 'internal error\n' });
    expect(log.texts('error')).toHaveLength(1);
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200 });
  });

  test('a port that another process has is a warning, and is taken when it is free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const taken = (holder.address() as AddressInfo).port;
    const own = new RecordingLog();
    const late = new StatusServer({ host: '127.0.0.1', port: taken }, source, systemClock, own);
    late.start();
    await until(() => own.texts('warn').length === 1);
    late.start();
    holder.close();
    await once(holder, 'close');
    await until(() => {
      if (late.address() === null) late.start();
      return late.address() !== null;
    });
    expect(await ask(taken, '/healthz')).toMatchObject({ status: 200 });
    expect(own.texts('warn')).toHaveLength(1);
    late.stop();
  });
});
