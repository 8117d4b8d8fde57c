import { join } from 'node:path';
import { PageServer } from '../../../demo/page/server';
import type { Feed } from '../../../demo/page/feed';
import { send } from '../../../real-parts/http';

const pressed: object[] = [];
let server: PageServer;
let port: number;

beforeAll(async () => {
  const actions = new Map([
    [
      'send',
      (request: object) => {
        pressed.push(request);
        return Promise.resolve('1 sent');
      },
    ],
    ['kill', () => Promise.reject(new Error('foo has no replica'))],
  ]);
  server = new PageServer(join(__dirname, '../../../demo/page'), { open: () => undefined } as unknown as Feed, actions);
  port = await server.listen();
});

afterAll(() => server.close());

beforeEach(() => {
  pressed.length = 0;
});

const press = (path: string, headers: Record<string, string>) =>
  send({ port, path: `/_demo/actions/${path}`, method: 'POST', headers });

describe('the page', () => {
  test.each(['/', '/_demo/'])(
    'is at %s, and lets the browser load nothing from elsewhere and nothing inline',
    async (path) => {
      const { status, headers, body } = await send({ port, path });

      expect(status).toBe(200);
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(body).not.toMatch(/<style|style=|<script(?![^>]*src=)|onclick=|https?:\/\//);
    },
  );

  test('everything that it names is there', async () => {
    const { body } = await send({ port, path: '/' });
    const named = [...body.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path ?? '');
    const scripts = ['/_demo/cards.js', '/_demo/chart.js', '/_demo/elements.js', '/_demo/lists.js'];
    const answers = await Promise.all([...named, ...scripts].map((path) => send({ port, path })));

    expect(named.length).toBeGreaterThan(2);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  test('a button does what it says', async () => {
    const answer = await press('send?backend=foo&count=100', { 'X-Demo': '1' });

    expect(answer).toMatchObject({ status: 200, body: '1 sent\n' });
    expect(pressed).toEqual([{ backend: 'foo', count: 100 }]);
  });

  test('a count that is none, or too big, is put right', async () => {
    await press('send?backend=foo&count=many', { 'X-Demo': '1' });
    await press('send?backend=foo&count=1000000', { 'X-Demo': '1' });

    expect(pressed).toEqual([
      { backend: 'foo', count: 1 },
      { backend: 'foo', count: 1000 },
    ]);
  });

  test('a button that cannot do it says why', async () => {
    expect(await press('kill?backend=foo', { 'X-Demo': '1' })).toMatchObject({
      status: 409,
      body: 'foo has no replica\n',
    });
  });

  test.each([
    ['a form of another site, which cannot set the header', {}, 403],
    ['another name for this machine', { 'X-Demo': '1', Host: 'evil.example' }, 403],
  ])('is not pressed by %s', async (_who, headers, status) => {
    expect((await press('send?backend=foo', headers as Record<string, string>)).status).toBe(status);
    expect(pressed).toEqual([]);
  });

  test('nothing else is there', async () => {
    expect((await send({ port, path: '/_demo/../main.ts' })).status).toBe(404);
    expect((await press('format-disk', { 'X-Demo': '1' })).status).toBe(404);
    expect((await send({ port, path: '/', method: 'DELETE' })).status).toBe(405);
  });
});
