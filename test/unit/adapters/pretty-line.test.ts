import { prettyLine } from '../../../src/adapters/pretty-line';

const line = (facts: object): string =>
  JSON.stringify({ level: 30, time: '2026-01-01T13:05:07.123Z', pid: 7, ...facts });

test('a line is its moment, its level, its sentence, and its facts', () => {
  expect(prettyLine(line({ backend: '/foo', probes: 3, lane: 'address', msg: 'cold start' }))).toBe(
    '13:05:07.123 INFO  cold start  backend=/foo probes=3 lane=address\n',
  );
});

test('a value with spaces, an object and none at all are written so that they can be told apart', () => {
  expect(prettyLine(line({ level: 40, why: 'no answer', probe: { status: 503 }, empty: '', msg: 'x' }))).toBe(
    '13:05:07.123 WARN  x  why="no answer" probe={"status":503} empty=""\n',
  );
  expect(prettyLine(line({ msg: 'alone' }))).toBe('13:05:07.123 INFO  alone\n');
});

test('an error has its stack below', () => {
  const err = { type: 'Error', message: 'boom', stack: 'Error: boom\n    at a.js:1' };
  expect(prettyLine(line({ level: 50, err, msg: 'it failed' }))).toBe(
    '13:05:07.123 ERROR it failed\n    Error: boom\n        at a.js:1\n',
  );
  expect(prettyLine(line({ level: 50, err: 'boom', msg: 'it failed' }))).toContain('\n    "boom"\n');
});

test('what is no line of ours stays as it is', () => {
  expect(prettyLine('no JSON\n')).toBe('no JSON\n');
});
