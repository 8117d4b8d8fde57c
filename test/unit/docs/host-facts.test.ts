import { files, linesOf, placeOf, read } from './repository';

const PAGE = 'docs/host-facts.md';
/** These look for numbers, so they are full of them. */
const OWN = /^test\/unit\/docs\//;

/** A fact's number: Kong, Dapr, KEDA, ingress controller, cluster. Not `%C3`, which is a byte of a URL. */
const NUMBER = /(?<![\w%#.])[KDEIC]\d{1,2}\b/g;

interface Fact {
  readonly number: string;
  readonly text: string;
}

const facts: Fact[] = read(PAGE)
  .split(/^(?=### )/m)
  .slice(1)
  .map((section) => ({ number: /^### (\S+)\./.exec(section)?.[1] ?? section, text: section.split(/^## /m)[0]! }));

const citations = files
  .filter((file) => file !== PAGE && !OWN.test(file) && !/\.(svg|png)$/.test(file))
  .flatMap(linesOf)
  .flatMap((line) => [...line.text.matchAll(NUMBER)].map(([number]) => ({ number, place: placeOf(line) })));

test('every number that is cited has a fact', () => {
  const known = new Set(facts.map(({ number }) => number));
  expect(citations.filter(({ number }) => !known.has(number))).toEqual([]);
});

test('every fact is cited where something depends on it', () => {
  const cited = new Set(citations.map(({ number }) => number));
  expect(facts.map(({ number }) => number).filter((number) => !cited.has(number))).toEqual([]);
});

test('each kind of fact is numbered from 1 without a gap, in order', () => {
  for (const kind of new Set(facts.map(({ number }) => number[0]!))) {
    const numbers = facts.map(({ number }) => number).filter((number) => number.startsWith(kind));
    expect(numbers).toEqual(numbers.map((_, at) => `${kind}${at + 1}`));
  }
});

test.each(facts.map(({ number, text }) => [number, text]))(
  '%s says how it was seen, and what follows for us',
  (_, text) => {
    expect(text).toMatch(/^\*Seen:\* (run|read)\b/m);
    expect(text).toMatch(/^\*So:\* \S/m);
  },
);

test('a fact that one fact refers to exists', () => {
  const known = new Set(facts.map(({ number }) => number));
  expect([...read(PAGE).matchAll(NUMBER)].map(([number]) => number).filter((number) => !known.has(number))).toEqual([]);
});

test('no document outside the repository is cited', () => {
  const elsewhere = ['DESIGN', 'HOST-FACTS', 'FEATURES'];
  const cited = files
    .filter((file) => !OWN.test(file) && !/\.(svg|png)$/.test(file))
    .flatMap(linesOf)
    .filter(({ text }) => elsewhere.some((name) => text.includes(name)));
  expect(cited.map(placeOf)).toEqual([]);
});
