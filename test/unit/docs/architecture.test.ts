import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { read, root } from './repository';

const page = read('docs/architecture.md');

const sectionOf = (heading: string): string =>
  page
    .split(/^## /m)
    .find((section) => section.startsWith(heading))!
    .slice(heading.length);

/** Rows of the first table of a section: cells, without their backticks. */
const rowsOf = (section: string): string[][] =>
  section
    .split(/\n\n/)
    .find((block) => block.startsWith('|'))!
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((row) => [...row.matchAll(/(?<=\| )[^|]*(?= \|)/g)].map(([cell]) => cell.replaceAll('`', '').trim()));

/** `ROOMS` of eslint.config.mjs, as its text has it: name and what it may import. */
const rooms = [
  .../const ROOMS = \{([^}]*)\}/.exec(read('eslint.config.mjs'))![1]!.matchAll(/'?([\w-]+)'?: \[(.*)\]/g),
].map(([, name, imports]) => [name!, [...imports!.matchAll(/[\w-]+/g)].map(([other]) => other)] as const);

describe('the table of rooms', () => {
  const rows = rowsOf(sectionOf('The rooms'));

  test('has the rooms that lint knows, with the imports that it allows', () => {
    const described = rows.map(([name, , imports]) => [name, imports === '–' ? [] : imports!.split(', ')]);
    expect(described).toEqual(rooms);
  });

  test('has every folder of src/ but bin/, which stands above', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(folders.filter((name) => name !== 'bin').sort()).toEqual(rows.map(([name]) => name!).sort());
  });

  test('lets every arrow point down', () => {
    for (const [at, [, imports]] of rooms.entries()) {
      const below = rooms.slice(at + 1).map(([name]) => name);
      expect(imports.filter((other) => !below.includes(other))).toEqual([]);
    }
  });
});

test('the glossary is in alphabetical order and names nothing twice', () => {
  const words = rowsOf(sectionOf('Glossary')).map(([word]) => word!.replaceAll('*', '').toLowerCase());
  expect(words.length).toBeGreaterThan(30);
  expect(words).toEqual([...new Set(words)].sort((a, b) => a.localeCompare(b)));
});
