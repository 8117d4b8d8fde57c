import { dirname, join, normalize } from 'node:path';
import { ERROR_CODES } from '../../../src/core/errors';
import { anchorsOf, exists, files, linesOf, pages, placeOf, prose, read } from './repository';

/** `[text](target)`, where the target is in this repository. */
const LINK = /\[[^\]]*\]\((?!https?:|mailto:)([^)\s]+)\)/g;
/** `src/x/y.ts`, as prose names a file or folder of ours. */
const PATH =
  /`((?:src|demo|real-parts|test|scripts|docs|kong|keda|manifests|sample|charts|docker)\/[\w./-]*\w\/?|\w+\.config\.\w+)`/g;

/** What migrate.md says of the predecessor's repository is not ours: the first column of its table. */
const ours = (page: string): string =>
  page === 'docs/guides/migrate.md' ? prose(read(page)).replace(/^\|[^|]*\|/gm, '') : prose(read(page));

const links = pages.flatMap((page) =>
  [...prose(read(page)).matchAll(LINK)].map(([, target]) => {
    const [path = '', anchor] = target!.split('#');
    return { page, target: target!, file: path === '' ? page : normalize(join(dirname(page), path)), anchor };
  }),
);

test('every link leads to a file or folder that is there', () => {
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(({ file }) => !exists(file))).toEqual([]);
});

test('every link into a page names one of its headings', () => {
  const anchored = links.filter(({ file, anchor }) => anchor !== undefined && exists(file));
  expect(anchored.filter(({ file, anchor }) => !anchorsOf(read(file)).includes(anchor!))).toEqual([]);
});

test('every path that prose names is there', () => {
  const named = pages.flatMap((page) => [...ours(page).matchAll(PATH)].map(([, path]) => ({ page, path: path! })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ path }) => !exists(path))).toEqual([]);
});

test('every page that a comment, a message or a script names is there', () => {
  const named = files
    .filter((file) => !file.endsWith('.md') && !file.startsWith('test/unit/docs/'))
    .flatMap(linesOf)
    .flatMap((line) =>
      [...line.text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => ({ page, place: placeOf(line) })),
    );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ page }) => !exists(page))).toEqual([]);
});

test('the index names every page of docs/', () => {
  const indexed = links.filter(({ page }) => page === 'docs/README.md').map(({ file }) => file);
  const there = files.filter((file) => /^docs\/.+\.md$/.test(file) && file !== 'docs/README.md');
  expect(there.filter((file) => !indexed.includes(file))).toEqual([]);
});

test.each(ERROR_CODES)('%s has a heading in docs/errors.md that a URL can name', (code) => {
  expect(anchorsOf(read('docs/errors.md'))).toContain(code.toLowerCase());
});

test('the problem type in the example of docs/errors.md leads to a section of that page', () => {
  const [, page, anchor] = /"type": "([\w/.]+)#(\w+)"/.exec(read('docs/errors.md'))!;
  expect(anchorsOf(read(page!))).toContain(anchor);
});
