import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { WaitingPage } from '../../../src/core/waiting-page';
import { estimate } from '../../../src/waiting-page/estimate';
import { render, statusOf, type PageAnswer, type Progress } from '../../../src/waiting-page/render';
import { DEFAULT_TEMPLATE, LONGEST_TEMPLATE, templateProblems } from '../../../src/waiting-page/template';
import { LANGUAGES, TEXTS, type Failure } from '../../../src/waiting-page/texts';

const PLAIN: WaitingPage = {
  afterMs: 1500,
  title: undefined,
  text: undefined,
  logo: undefined,
  color: '#2563eb',
  template: undefined,
};
const WAKING: Progress = { kind: 'waking', estimate: estimate(2000, [10_000]) };
const failed = (failure: Failure): Progress => ({ kind: 'failed', failure, retryAfter: 5 });

const page = (given: Partial<Parameters<typeof render>[0]> = {}): PageAnswer =>
  render({ page: PLAIN, acceptLanguage: undefined, token: 'tok', progress: WAKING, ...given });

const bytes = ({ headers, body }: PageAnswer): number =>
  Buffer.byteLength(body) +
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);

const hashes = (body: string, tag: string): string[] =>
  [...body.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, 'g'))].map(
    ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`,
  );

const sources = ({ headers }: PageAnswer, directive: string): string[] =>
  new RegExp(`${directive} ([^;]*)`).exec(headers['Content-Security-Policy']!)![1]!.split(' ').sort();

describe.each(LANGUAGES)('in %s', (language) => {
  const longest: WaitingPage = {
    ...PLAIN,
    title: '\u3042'.repeat(120),
    text: '&'.repeat(500),
    logo: `/${'x'.repeat(3999)}`,
  };

  test('fits one round trip, with the longest texts, logo and template too', () => {
    expect(bytes(page({ acceptLanguage: language }))).toBeLessThan(8 * 1024);
    expect(bytes(page({ acceptLanguage: language, page: longest }))).toBeLessThan(14 * 1024);
  });

  test('says its language and direction, and everything in it', () => {
    const { headers, body } = page({ acceptLanguage: language });
    const { direction, title, text } = TEXTS[language];
    expect(headers['Content-Language']).toBe(language);
    expect(body).toContain(`<html lang="${language}" dir="${direction}">`);
    expect(body).toContain(`<h1 id="serverless-title">${title}</h1>`);
    expect(body).toContain(text.replaceAll("'", '&#39;'));
    expect(body).not.toMatch(/\{\{|\{n\}|undefined/);
  });

  test.each<Failure>(['timeout', 'refused', 'full', 'leaving'])('says what happened: %s', (failure) => {
    const { body } = page({ acceptLanguage: language, progress: failed(failure) });
    expect(body).toContain(TEXTS[language].failures[failure]);
    expect(statusOf(language, PLAIN, failed(failure)).message).toBe(TEXTS[language].failures[failure]);
  });
});

describe('the answer', () => {
  test('is a 503 that nobody keeps', () => {
    expect(page()).toMatchObject({
      status: 503,
      headers: {
        'Cache-Control': 'no-store',
        'Retry-After': '8',
        Vary: 'Accept, Sec-Fetch-Mode, Accept-Language',
        'Content-Type': 'text/html; charset=utf-8',
      },
    });
  });

  test('runs its own script and style, by their hashes, and nothing else', () => {
    const answer = page();
    expect(hashes(answer.body, 'script')).toHaveLength(1);
    expect(sources(answer, 'script-src')).toEqual(hashes(answer.body, 'script'));
    expect(sources(answer, 'style-src')).toEqual(hashes(answer.body, 'style'));
    expect(answer.headers['Content-Security-Policy']).toMatch(/^default-src 'none'; /);
    expect(answer.headers['Content-Security-Policy']).not.toMatch(/unsafe|https?:|\*/);
  });

  test('names no address at all', () => {
    expect(page().body).not.toMatch(/https?:|\/\//);
  });

  test('goes on by itself, without JavaScript too; a failed one does not', () => {
    expect(page().body).toContain('<noscript><meta http-equiv="refresh" content="1"></noscript>');
    const { body } = page({ progress: failed('timeout') });
    expect(body).not.toMatch(/refresh|<script/);
    expect(body).toContain('<a id="serverless-retry" href="">Try again</a>');
    expect(page().body).toContain('<a id="serverless-retry" href="" hidden>');
  });

  test('shows title, text, logo and colour as configured, in every language', () => {
    const own = { ...PLAIN, title: 'Our shop', text: 'Opening.', logo: 'data:image/png;base64,AA', color: '#0f766e' };
    const { body } = page({ page: own, acceptLanguage: 'ja' });
    for (const part of ['Our shop', 'Opening.', 'src="data:image/png;base64,AA"', '#0f766e'])
      expect(body).toContain(part);
  });

  test('takes what is configured for text, never for HTML', () => {
    const any = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(any, any, any, any, (title, text, logo, token) => {
        const odd = '<script>alert(1)</script>"\'&';
        const { body } = page({
          page: { ...PLAIN, title: title + odd, text: text + odd, logo: logo + odd },
          token: token + odd,
        });
        expect(body.match(/<script/g)).toHaveLength(1);
        expect(body).not.toContain('alert(1)<');
        expect(body).not.toContain(`"'&`);
      }),
    );
  });
});

describe('what it says', () => {
  const said = (elapsedMs: number, history: readonly number[]): string =>
    statusOf('en', PLAIN, { kind: 'waking', estimate: estimate(elapsedMs, history) }).message;

  test('is an estimate, and after p90 that it takes longer than usual', () => {
    expect(said(0, [12_000])).toBe('About 15 seconds left, by the last starts.');
    expect(said(9000, [8000, 30_000])).toBe('It should be ready any moment.');
    expect(said(40_000, [12_000])).toContain('longer than usual');
    expect(said(0, [])).toContain('not known');
  });
});

describe('a template of one’s own', () => {
  const own =
    '<html lang="{{lang}}"><head>{{head}}<style>b{}</style><script>x()</script></head><body>{{ title }}{{message}}{{script}}</body></html>';

  test('is filled in, and its own style and script may run', () => {
    const answer = page({ template: own });
    expect(answer.body).toContain('<html lang="en">');
    expect(answer.body).toContain('Starting up');
    expect(sources(answer, 'script-src')).toEqual(hashes(answer.body, 'script').sort());
    expect(sources(answer, 'style-src')).toEqual(hashes(answer.body, 'style').sort());
  });

  test('the longest fits one round trip with everything else', () => {
    const template = own.replace('<body>', `<body>${'x'.repeat(LONGEST_TEMPLATE - Buffer.byteLength(own))}`);
    expect(templateProblems(template)).toEqual([]);
    expect(bytes(page({ template, acceptLanguage: 'ar' }))).toBeLessThan(14 * 1024);
  });

  test.each<[string, string, RegExp]>([
    ['without what makes it go on', own.replace('{{script}}', ''), /\{\{script}} is missing/],
    ['without the message', own.replace('{{message}}', ''), /\{\{message}} is missing/],
    ['with a name that is not known', own.replace('{{ title }}', '{{titel}}'), /\{\{titel}} is not known/],
    ['that is too long', own + 'x'.repeat(LONGEST_TEMPLATE), /bytes; write at most/],
    ['with a foreign script', `${own}<script src="https://cdn.example.com/a.js"></script>`, /loads https:\/\/cdn/],
    ['with a foreign style', `${own}<link rel="stylesheet" href="//cdn.example.com/a.css">`, /loads \/\/cdn/],
    ['with a foreign font', `${own}<style>@import url(https://f.example.com)</style>`, /loads https:\/\/f/],
    ['with a handler', `${own}<p onclick="x()">`, /onclick/],
    ['with a style attribute', `${own}<p style="color:red">`, /style attribute/],
  ])('%s is wrong', (_what, template, problem) => {
    expect(templateProblems(template)).toEqual([expect.stringMatching(problem)]);
  });

  test('the built-in page is as one would have to write it', () => {
    expect(templateProblems(DEFAULT_TEMPLATE)).toEqual([]);
    expect(templateProblems(`${DEFAULT_TEMPLATE}<a href="https://status.example.com">status</a>`)).toEqual([]);
  });
});
