import { noWakeOf, matchBackend, matchesPrefix, normalizePath, readablePath } from '../../../src/core/match';
import { exampleBackend } from './example-backend';

describe('a path is compared as Kong compares it', () => {
  // What Kong 2.8.1's kong/tools/uri.lua makes of each, slashes merged.
  test.each([
    // nothing to do
    ['', ''],
    ['/', '/'],
    ['/kong', '/kong'],
    ['/kong/', '/kong/'],
    ['/kong/a.b/c', '/kong/a.b/c'],
    ['/kong/..a/b..', '/kong/..a/b..'],
    // percent-encoding
    ['/%6bong', '/kong'],
    ['/%6B%6f%6E%67/x', '/kong/x'],
    ['/kong%2fx', '/kong%2Fx'],
    ['/kong%3Fx', '/kong%3Fx'],
    ['/%256bong', '/%256bong'],
    ['/kong%20x', '/kong x'],
    ['/kong%zz', '/kong%zz'],
    ['/kong%', '/kong%'],
    [
      '/%21%23%24%25%26%27%28%29%2a%2b%2c%2f%3a%3b%3d%3f%40%5b%5d',
      '/%21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D',
    ],
    // dot segments
    ['/.', '/'],
    ['/..', '/'],
    ['/%2e', '/'],
    ['/./', '/'],
    ['/../', '/'],
    ['/../../kong', '/kong'],
    ['/x/../kong', '/kong'],
    ['/x/%2e%2e/kong', '/kong'],
    ['/kong/./a', '/kong/a'],
    ['/kong/.', '/kong/'],
    ['/kong/a/..', '/kong/'],
    ['/kong/a/../', '/kong/'],
    ['/kong/..', '/'],
    ['/a/b/c/./../../g', '/a/g'],
    // slashes
    ['//', '/'],
    ['/////', '/'],
    ['//kong', '/kong'],
    ['/kong//', '/kong/'],
    ['/kong//a///b', '/kong/a/b'],
    ['/x//../kong', '/kong'],
  ])('%j is %j', (path, normalized) => {
    expect(normalizePath(path)).toBe(normalized);
  });

  test('a letter beyond ASCII is the same whether it was sent as it is or percent-encoded', () => {
    expect(normalizePath('/endeløst')).toBe(normalizePath('/endel%C3%B8st'));
    expect(normalizePath('/😀')).toBe(normalizePath('/%f0%9f%98%80'));
  });

  test('what is normalised stays as it is', () => {
    for (const path of ['/kong', '//a/./b/../c%2f%41', '/%256b', '/a//']) {
      expect(normalizePath(normalizePath(path))).toBe(normalizePath(path));
    }
  });
});

describe('a target covers a path on segment boundaries', () => {
  test.each([
    ['/kong', '/kong', true],
    ['/kong/', '/kong', true],
    ['/kong/x', '/kong', true],
    ['/kongress', '/kong', false],
    ['/kon', '/kong', false],
    ['/x/kong', '/kong', false],
    ['/anything', '/', true],
    ['/', '/', true],
    ['/Kong', '/kong', false],
  ])('%j under %j: %j', (path, prefix, covered) => {
    expect(matchesPrefix(path, prefix)).toBe(covered);
  });
});

describe('a request belongs to the backend with the longest target that covers it', () => {
  const [root, kong, consumer] = ['/', '/kong', '/kong/consumer'].map((target) => exampleBackend({ target }));

  test('whatever their order', () => {
    for (const backends of [
      [root!, kong!, consumer!],
      [consumer!, kong!, root!],
      [kong!, consumer!, root!],
    ]) {
      expect(matchBackend(backends, '/kong/consumer/x')).toBe(consumer);
      expect(matchBackend(backends, '/kong/x')).toBe(kong);
      expect(matchBackend(backends, '/kongress')).toBe(root);
    }
  });

  test('and to none where no target covers it', () => {
    expect(matchBackend([kong!, consumer!], '/other')).toBeUndefined();
  });

  test.each(['//kong/x', '/%6bong/x', '/x/../kong/x', '/./kong', '/%2e/kong/'])('%j is not a way around it', (path) => {
    expect(matchBackend([kong!], normalizePath(path))).toBe(kong);
  });
});

test.each([
  ['/caf\u00c3\u00a9', '/café'],
  ['/a b', '/a b'],
  ['/\u00ff', '/\u00ff'],
])('%j is read as %j', (path, text) => {
  expect(readablePath(path)).toBe(text);
});

describe('a no-wake matcher', () => {
  const request = { path: '/kong/metrics', method: 'get', userAgent: 'Prometheus/2.5' };
  const none = { path: undefined, method: undefined, userAgent: undefined, status: 503 };

  test('matches by path prefix, on segment boundaries', () => {
    const matchers = [{ ...none, path: '/kong/metrics' }];
    expect(noWakeOf(matchers, request)).toBeDefined();
    expect(noWakeOf(matchers, { ...request, path: '/kong/metrics/x' })).toBeDefined();
    expect(noWakeOf(matchers, { ...request, path: '/kong/metricsx' })).toBeUndefined();
  });

  test('matches by method in any case', () => {
    expect(noWakeOf([{ ...none, method: 'GET' }], request)).toBeDefined();
    expect(noWakeOf([{ ...none, method: 'HEAD' }], request)).toBeUndefined();
  });

  test('matches by a part of the user agent in any case', () => {
    expect(noWakeOf([{ ...none, userAgent: 'prometheus' }], request)).toBeDefined();
    expect(noWakeOf([{ ...none, userAgent: 'curl' }], request)).toBeUndefined();
  });

  test('wants all of its conditions, and one matcher of several is enough', () => {
    const both = { ...none, path: '/kong', userAgent: 'curl' };
    expect(noWakeOf([both], request)).toBeUndefined();
    expect(noWakeOf([both, { ...none, method: 'GET' }], request)).toBeDefined();
    expect(noWakeOf([], request)).toBeUndefined();
  });
});
