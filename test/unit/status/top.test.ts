import { top } from '../../../src/status/top';
import { backend, status } from './example-status';

const URL = 'http://127.0.0.1:9542';
const plain = { width: 80, height: undefined, colour: false };

test('a node in one line, and its backends below, those with requests first', () => {
  const backends = [
    backend(),
    backend({
      target: '/bar',
      state: 'waking',
      held: 12,
      addresses: undefined,
      asleepSeconds: undefined,
      coldStarts: [],
    }),
  ];
  expect(top([{ url: URL, status: status(backends, { held: 12 }) }], plain)).toEqual([
    'http://127.0.0.1:9542  active, held 12 of 900, standby waits, up 1 min',
    '  STATE        HELD  PODS  ASLEEP   LAST START  BACKEND',
    '◐ waking       12    ?     ?                    /bar',
    '● ready        0     1     2.0 h    1.5 s       /foo',
  ]);
});

test('a node that cannot be asked says so, and the others are shown', () => {
  const lines = top(
    [
      { url: 'http://other', problem: 'ECONNREFUSED: is it running?' },
      { url: URL, status: status() },
    ],
    plain,
  );
  expect(lines[0]).toBe('http://other  ECONNREFUSED: is it running?');
  expect(lines).toContainEqual(expect.stringContaining('/foo'));
});

test('trouble is below its backend', () => {
  const lastRejection = { at: '2026-01-01T00:00:00Z', code: 'SERVERLESS_HOLD_TIMEOUT' } as const;
  const lines = top([{ url: URL, status: status([backend({ lastRejection })]) }], plain);
  expect(lines.at(-1)).toBe('    SERVERLESS_HOLD_TIMEOUT at 2026-01-01T00:00:00Z; probe: 200');
});

test('fits the terminal: no line is longer, no more lines than rows, and the last says how many are left out', () => {
  const backends = Array.from({ length: 50 }, (_, n) => backend({ target: `/${'long-'.repeat(30)}${n}` }));
  const lines = top([{ url: URL, status: status(backends) }], { width: 60, height: 10, colour: false });
  expect(lines).toHaveLength(10);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.at(-1)).toBe('... 43 lines more');
});

test('colours are there where they are wanted', () => {
  const given = [{ url: URL, status: status() }];
  expect(top(given, { ...plain, colour: true }).join('')).toContain('\u001B[32m● ready');
  expect(top(given, plain).join('')).not.toContain('\u001B');
});
