import fc from 'fast-check';
import { chooseLanguage, preferences, prefersHtml } from '../../../src/waiting-page/accept';
import { isNavigation, isRefresh } from '../../../src/waiting-page/navigation';
import { LANGUAGES } from '../../../src/waiting-page/texts';

describe('the language of the page', () => {
  test.each([
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['de-CH, en;q=0.8', 'de'],
    ['pt-BR,pt;q=0.9,en;q=0.8', 'pt'],
    ['ZH-Hant-TW', 'zh'],
    ['it, ja;q=0.5, fr;q=0.7', 'fr'],
    ['en;q=0.5, ar', 'ar'],
    ['it', 'en'],
    ['*', 'en'],
    ['*, de;q=0.1', 'en'],
    ['en;q=0, *', 'ja'],
    ['en;q=0, de;q=0', 'en'],
    ['de;q=0.30, fr;q=0.3', 'de'],
    ['fr;q=2, de;q=0.1', 'de'],
    ['den', 'en'],
    ['de ; Q=0.2, es;q=0.1', 'de'],
  ])('%s: %s', (header, language) => {
    expect(chooseLanguage(header, LANGUAGES)).toBe(language);
  });

  test('is one that there is, whatever a client writes', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(LANGUAGES).toContain(chooseLanguage(header, LANGUAGES));
      }),
    );
  });

  test('is the one with the highest quality', () => {
    const wishes = fc.uniqueArray(
      fc.record({ language: fc.constantFrom(...LANGUAGES), quality: fc.integer({ min: 1, max: 1000 }) }),
      { selector: ({ quality }) => quality, minLength: 1 },
    );
    fc.assert(
      fc.property(wishes, (all) => {
        const most = new Map<string, number>();
        for (const { language, quality } of all) most.set(language, Math.max(quality, most.get(language) ?? 0));
        const [best] = [...most].sort(([, a], [, b]) => b - a)[0]!;
        const header = all.map(({ language, quality }) => `${language};q=${(quality / 1000).toFixed(3)}`).join(', ');
        expect(chooseLanguage(header, LANGUAGES)).toBe(best);
      }),
    );
  });

  test('a header that is very long is not read', () => {
    expect(preferences(`de,${'x'.repeat(2000)}`)).toEqual([]);
  });
});

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const OLD_BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('a wish for a page', () => {
  test.each<[string | undefined, boolean]>([
    [OLD_BROWSER, true],
    ['text/html', true],
    ['*/*', false],
    [undefined, false],
    ['application/json', false],
    ['application/json, text/html;q=0.9', false],
    ['text/html;q=0.9, application/json;q=0.1', true],
    ['text/html;q=0', false],
    ['text/html;level=1', true],
    ['text/*', false],
  ])('%s: %s', (accept, wanted) => {
    expect(prefersHtml(accept)).toBe(wanted);
  });
});

describe('a navigation', () => {
  test.each<[string, string, Record<string, string>, boolean]>([
    ['a browser’s', 'GET', { 'sec-fetch-mode': 'navigate', accept: BROWSER }, true],
    ['an old browser’s', 'GET', { accept: OLD_BROWSER }, true],
    ['a form that is posted', 'POST', { 'sec-fetch-mode': 'navigate', accept: BROWSER }, false],
    ['HEAD', 'HEAD', { accept: BROWSER }, false],
    ['fetch() that wants HTML', 'GET', { 'sec-fetch-mode': 'cors', accept: 'text/html' }, false],
    ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', accept: BROWSER }, false],
    ['XMLHttpRequest by a library', 'GET', { 'x-requested-with': 'XMLHttpRequest', accept: 'text/html' }, false],
    ['curl', 'GET', { accept: '*/*' }, false],
    ['nothing', 'GET', {}, false],
  ])('%s', (_what, method, headers, expected) => {
    expect(isNavigation(method, headers)).toBe(expected);
  });
});

describe('the page’s own refresh', () => {
  const host = 'shop.example.com';
  test.each<[string, Record<string, string>, boolean]>([
    ['comes from its own address', { host, referer: 'https://shop.example.com/shop/a?b=1' }, true],
    ['by way of another port', { host: 'shop.example.com:8443', referer: 'https://shop.example.com/shop/a' }, true],
    ['is none from another page', { host, referer: 'https://shop.example.com/shop' }, false],
    ['is none from another host', { host, referer: 'https://example.com/shop/a' }, false],
    [
      'is none where somebody clicked',
      { host, referer: 'https://shop.example.com/shop/a', 'sec-fetch-user': '?1' },
      false,
    ],
    ['is none without a referrer', { host }, false],
    ['is none from nonsense', { host, referer: 'x' }, false],
  ])('%s', (_what, headers, expected) => {
    expect(isRefresh(headers, '/shop/a')).toBe(expected);
  });
});
