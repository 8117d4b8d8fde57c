import { createHash } from 'node:crypto';
import { fragment, page, PAGE_POLICY } from '../../../src/status/page';
import { backend, coldStart, status } from './example-status';

const text = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

test('says of each backend what it does, how many requests wait, and what its cold starts took', () => {
  const shown = text(
    fragment(status([backend({ state: 'waking', held: 3, addresses: [], asleepSeconds: 5400 })], { held: 3 }), ''),
  );
  expect(shown).toContain('Held 3 of 900');
  expect(shown).toContain('active, pid 7, up 1 min');
  expect(shown).toContain('waits to take over');
  expect(shown).toContain('/foo ◐ waking 3 0 1.5 h');
  expect(shown).toContain(
    'woken 12 ms, address 800 ms, released 1.5 s; 3 held, found asleep by Kubernetes, let go by address',
  );
});

test('says where a standby is missing, and what went wrong', () => {
  const rejected = backend({
    lastRejection: { at: '2026-01-01T00:00:00Z', code: 'SERVERLESS_HOLD_TIMEOUT' },
    lastPublish: { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND' },
    lastProbe: { status: 503 },
  });
  const given = status([rejected]);
  const shown = text(fragment({ ...given, server: { ...given.server, standby: false } }, ''));
  expect(shown).toContain('none: requests fail while this one is gone');
  expect(shown).toContain(
    'SERVERLESS_HOLD_TIMEOUT at 2026-01-01T00:00:00Z; publish: 404 ERR_PUBSUB_NOT_FOUND; probe: 503',
  );
});

test('an old probe or publish that failed is no trouble of a backend that rejected nothing', () => {
  const shown = fragment(status([backend({ lastProbe: { error: 'ECONNREFUSED' } })]), '');
  expect(shown).not.toContain('ECONNREFUSED');
});

test('those with requests come first, then those that wake, then the others by name', () => {
  const backends = [
    backend({ target: '/b' }),
    backend({ target: '/a' }),
    backend({ target: '/waking', state: 'waking' }),
    backend({ target: '/held', held: 2 }),
    backend({ target: '/more', held: 9 }),
  ];
  const targets = [...fragment(status(backends), '').matchAll(/<th scope="row">([^<]*)</g)].map(([, target]) => target);
  expect(targets).toEqual(['/more', '/held', '/waking', '/a', '/b']);
});

test('what a configuration names cannot become a part of the page', () => {
  const evil = `"><script>alert('x')</script>`;
  const shown = page(status([backend({ target: evil, key: evil })], { kubernetes: evil }), evil);
  expect(shown).not.toContain('<script>alert');
  expect(shown).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;');
  expect(shown).toContain(`action="/backends/${encodeURIComponent(evil).replaceAll("'", '&#39;')}/wake"`);
});

test('runs and styles itself by what its policy has the hashes of, and by nothing else', () => {
  const shown = page(status(), '');
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ] as const) {
    const all = [...shown.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))].map(([, body]) => body ?? '');
    expect(all).toHaveLength(1);
    const hash = createHash('sha256').update(all[0]!).digest('base64');
    expect(PAGE_POLICY).toContain(`${directive} 'sha256-${hash}'`);
  }
  expect(shown).not.toMatch(/ style=| on[a-z]+=|https?:/);
});

test('of a thousand backends it shows the first 200, and those with a text in their targets', () => {
  const backends = Array.from({ length: 1000 }, (_, n) => backend({ target: `/service-${n}` }));
  const rows = (html: string): number => html.split('<th scope="row">').length - 1;
  const all = fragment(status(backends), '');
  expect(rows(all)).toBe(200);
  expect(text(all)).toContain('1000 backends, the first 200 of them; /status has all');
  expect(rows(fragment(status(backends), 'service-99'))).toBe(11);
});

test('a phase that ends after the release is no part of the bar', () => {
  const shown = fragment(status([backend({ coldStarts: [coldStart({ podReadyMs: 1700 })] })]), '');
  expect(shown).not.toContain('pod ready');
});
