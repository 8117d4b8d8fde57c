import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/adapters/clock';
import type { Asked } from '../../../src/core/ports';
import { openApi } from '../../../src/status/open-api';
import { StatusServer } from '../../../src/status/status-server';
import { RecordingLog, until } from '../server/server-rig';
import { backend, status } from './example-status';

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

const OUTCOMES: Readonly<Record<string, Asked>> = {
  nobody: { kind: 'unknown' },
  busy: { kind: 'busy' },
  full: { kind: 'rejected', code: 'SERVERLESS_HOLD_OVERFLOW', detail: 'enough is held' },
};

describe('the status server', () => {
  const log = new RecordingLog();
  let active = true;
  let metrics = (format: string): Promise<string> => Promise.resolve(`held 3 ${format}\n`);
  let shown = status();
  const asked: string[] = [];
  const source = {
    isActive: () => active,
    metrics: (format: string) => metrics(format),
    status: () => shown,
    wake: (key: string): Asked => {
      asked.push(key);
      return OUTCOMES[key] ?? { kind: 'done', state: 'waking' };
    },
    sleep: (): Asked => ({ kind: 'done', state: 'idle' }),
  };
  const server = new StatusServer({ host: '127.0.0.1', port: 0, token: undefined }, source, systemClock, log);
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
      body: `${JSON.stringify(shown)}\n`,
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

  test.each(['/metricsx', '/constructor', '/backends/x/wake'])('knows nothing of %s', async (path) => {
    expect(await ask(port, path)).toMatchObject({ status: 404 });
  });

  test('is a page, with a policy, that shows what was asked for', async () => {
    shown = status([backend(), backend({ target: '/bar' })]);
    const answer = await fetch(`http://127.0.0.1:${port}/?q=bar`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await answer.text();
    expect(text).toContain('<th scope="row">/bar<');
    expect(text).not.toContain('<th scope="row">/foo<');
  });

  test('tells an open page what changes, and nothing where nothing does', async () => {
    shown = status([backend()]);
    const end = new AbortController();
    const { body } = await fetch(`http://127.0.0.1:${port}/events`, { signal: end.signal });
    const events: string[] = [];
    const reading = (async () => {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>)
        events.push(Buffer.from(chunk).toString());
    })().catch(() => undefined);
    await until(() => events.join('').includes('/foo'));
    const before = events.length;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(events).toHaveLength(before);
    shown = status([backend({ target: '/changed' })]);
    await until(() => events.join('').includes('/changed'));
    end.abort();
    await reading;
  });

  test('keeps so many pages up to date, and no more', async () => {
    const end = new AbortController();
    const open = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/events`, { signal: end.signal });
    const answers = await Promise.all(Array.from({ length: 16 }, open));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    const late = await open();
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '10']);
    end.abort();
  });

  test('a page that fails is an error of that answer only', async () => {
    const broken = { ...shown, backends: undefined } as unknown as typeof shown;
    const good = shown;
    shown = broken;
    expect(await ask(port, '/')).toMatchObject({ status: 500 });
    shown = good;
    expect(await ask(port, '/')).toMatchObject({ status: 200 });
    log.lines.length = 0;
  });

  test('wakes a backend, and lets it sleep, for a process of this machine', async () => {
    const post = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      ask(port, path, 'POST', headers);
    const key = '["/foo","a/b"]';
    const woken = await post(`/backends/${encodeURIComponent(key)}/wake`);
    expect(woken.status).toBe(202);
    expect(JSON.parse(woken.body)).toMatchObject({ state: 'waking' });
    expect(asked).toEqual([key]);
    expect(JSON.parse((await post('/backends/x/sleep')).body)).toMatchObject({ state: 'idle' });
    expect((await post('/backends/x/wake', { accept: 'text/html' })).status).toBe(303);
    for (const [name, status, code] of [
      ['nobody', 404, 'UNKNOWN_BACKEND'],
      ['busy', 409, 'REQUESTS_WAIT'],
      ['full', 503, 'SERVERLESS_HOLD_OVERFLOW'],
    ] as const) {
      const answer = await post(`/backends/${name}/wake`);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({ code });
    }
    asked.length = 0;
    expect((await post('/backends/x/wake', { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('/backends/%E0%A4%A/wake')).status).toBe(202);
    expect(asked).toEqual(['%E0%A4%A']);
  });

  test('describes itself', async () => {
    expect(JSON.parse((await ask(port, '/openapi.json')).body)).toEqual(openApi());
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
    const late = new StatusServer({ host: '127.0.0.1', port: taken, token: undefined }, source, systemClock, own);
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
