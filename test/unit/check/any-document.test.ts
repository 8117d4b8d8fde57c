import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { checkSources } from '../../../src/check/run';
import { readDocuments } from '../../../src/manifests/load';

const rules = join(__dirname, '../../../src/check/rules');
const texts = [
  readFileSync(join(__dirname, 'good.yaml'), 'utf8'),
  ...readdirSync(rules)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(join(rules, file), 'utf8')),
];
const documents = texts.map((text) =>
  readDocuments({ file: 'a.yaml', text, namespace: 'default' }).manifests.map(({ value }) => value),
);

type Container = Record<string | number, unknown>;

/** Every place below a value, as the object that holds it and the key. */
function places(value: unknown): { holder: Container; key: string | number }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [{ holder: value as Container, key }, ...places(child)]);
}

const anything = fc.oneof(
  fc.constantFrom(
    null,
    '',
    0,
    -1,
    1e99,
    true,
    [],
    {},
    [null],
    [[]],
    { name: null },
    '/',
    '%zz',
    '://@',
    'a,,b',
    '\u0000',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

test('no document makes it throw, and every finding names a line of the file', () => {
  fc.assert(
    fc.property(
      fc.nat(documents.length - 1),
      fc.array(fc.tuple(fc.nat(), anything), { minLength: 1, maxLength: 4 }),
      (index, edits) => {
        const edited = structuredClone(documents[index]) as unknown[];
        for (const [where, value] of edits) {
          const all = places(edited);
          const place = all[where % all.length];
          if (place !== undefined) place.holder[place.key] = structuredClone(value);
        }
        const text = edited.map((document) => stringify(document)).join('---\n');
        const { findings } = checkSources([{ file: 'a.yaml', text, namespace: 'default' }], {
          appId: undefined,
          namespace: 'kong',
          url: 'http://127.0.0.1:8000',
          skip: [],
        });
        const lines = text.split('\n').length;
        for (const { line, message } of findings) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
          expect(message).not.toMatch(/undefined|\[object|NaN|Infinity/);
        }
      },
    ),
    { numRuns: 500 },
  );
});
