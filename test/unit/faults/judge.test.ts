import { History } from '../../faults/history';
import { type Circumstances, type Incident, isWrong, judge } from '../../faults/judge';
import { type End, type Entry, type Logged, NO_ANSWER, type Served } from '../../faults/ledger';

const HOLD_MS = 6000;

const entry = (end: End | undefined, { served = [], logged = [] }: Partial<Entry> = {}): Entry => ({
  ...{
    id: '1',
    backend: 'plain',
    who: 'client',
    how: 'close',
    path: '/plain/',
    holdMs: HOLD_MS,
    sentAt: 10_000,
    served,
    logged,
  },
  ...(end === undefined ? {} : { end }),
});
const answer = (at: number, more: Partial<Extract<End, { kind: 'answer' }>> = {}): End => ({
  ...{ kind: 'answer', at, status: 200, body: '' },
  ...more,
});
const served = (at: number, more: Partial<Served> = {}): Served => ({
  ...{ backend: 'plain', at, healthy: true, completedAt: at + 5 },
  ...more,
});
const logged = (at: number, status: number, upstreamMs?: number): Logged => ({
  ...{ at, status },
  ...(upstreamMs === undefined ? {} : { upstreamMs }),
});

/** A backend that is up between these moments. */
const up = (...spans: readonly (readonly [number, number])[]): History => {
  const history = new History();
  for (const [from, to] of spans) {
    history.set(true, from);
    history.set(false, to);
  }
  return history;
};
const judged = (
  one: Entry,
  spans: readonly (readonly [number, number])[],
  incidents: Incident[] = [],
  leaving: readonly (readonly [number, number])[] = [],
  isSpinning = false,
) => {
  const circumstances: Circumstances = {
    // Every worker has a target a second after the first.
    available: () => ({
      perhaps: up(...spans),
      surely: up(...spans.map(([from, to]) => [from + 1000, to] as const)),
      leaving: up(...leaving),
    }),
    ...{ incidents, isSpinning, leaseMs: 1300 },
  };
  return judge(one, circumstances);
};
const ALWAYS = [[0, 1e9]] as const;
const NEVER = [] as const;

describe('what is right', () => {
  test.each<[string, Entry, readonly (readonly [number, number])[], string]>([
    [
      'its backend answered, healthy',
      entry(answer(10_010, { from: 'plain' }), { served: [served(10_005)] }),
      ALWAYS,
      'answered',
    ],
    [
      'its backend’s own error',
      entry(answer(10_010, { from: 'plain', status: 500 }), { served: [served(10_005)] }),
      ALWAYS,
      'answered',
    ],
    [
      'a code, by its deadline',
      entry(answer(16_900, { code: 'SERVERLESS_HOLD_TIMEOUT', status: 503 })),
      NEVER,
      'rejected',
    ],
    ['its client left', entry({ kind: 'left', at: 11_000 }), NEVER, 'left'],
  ])('%s', (_, one, spans, expected) => {
    expect(judged(one, spans)).toBe(expected);
    expect(isWrong(judged(one, spans))).toBe(false);
  });
});

describe('what is wrong', () => {
  const gatewayError = entry(answer(12_000, { status: 503 }), { logged: [logged(12_000, 503)] });
  test.each<[string, Entry, readonly (readonly [number, number])[], string]>([
    ['it never ended', entry(undefined), ALWAYS, 'lost'],
    ['its connection broke', entry({ kind: 'broken', at: 12_000, why: 'ECONNRESET' }), ALWAYS, 'lost'],
    ['the gateway’s own error, although its backend was there', gatewayError, ALWAYS, 'lost'],
    ['the same while it slept', gatewayError, NEVER, 'let-through'],
    ['the same longer after it went than a lease', gatewayError, [[0, 10_600]], 'let-through'],
    [
      'answered by its backend while that was starting',
      entry(answer(12_000, { from: 'plain' }), { served: [served(11_900, { healthy: false })] }),
      NEVER,
      'let-through',
    ],
    ['rejected too late', entry(answer(17_100, { code: 'SERVERLESS_HOLD_TIMEOUT' })), NEVER, 'late'],
    ['let go too late', entry(answer(18_000, { from: 'plain' }), { served: [served(17_500)] }), ALWAYS, 'late'],
    [
      'another’s answer',
      entry(answer(12_000, { from: 'other' }), { served: [served(11_900, { backend: 'other' })] }),
      ALWAYS,
      'wrong-backend',
    ],
    [
      'answered twice',
      entry(answer(12_000, { from: 'plain' }), { served: [served(11_900), served(11_950)] }),
      ALWAYS,
      'twice',
    ],
    [
      'rejected and served',
      entry(answer(12_000, { code: 'SERVERLESS_HOLD_TIMEOUT' }), { served: [served(11_900)] }),
      ALWAYS,
      'twice',
    ],
    [
      'held on to its deadline although its backend was there',
      entry(answer(16_000, { code: 'SERVERLESS_HOLD_TIMEOUT', status: 503 })),
      [[12_000, 1e9]],
      'forgotten',
    ],
    ['the plugin failed', entry(answer(12_000, { code: 'SERVERLESS_INTERNAL' })), ALWAYS, 'internal'],
  ])('%s', (_, one, spans, expected) => {
    const verdict = judged(one, spans);
    expect(verdict).toBe(expected);
    expect(isWrong(verdict)).toBe(true);
  });
});

describe('what nobody can help', () => {
  const gatewayError = entry(answer(12_000, { status: 502 }), { logged: [logged(12_000, 502, 100)] });
  const incident = (kind: Incident['kind'], from: number, to: number): Incident[] => [{ kind, from, to }];
  test.each<[string, Entry, readonly (readonly [number, number])[], Incident[], string]>([
    ['its backend went within the lease', gatewayError, [[0, 11_000]], [], 'lease'],
    [
      'its backend died with it',
      { ...gatewayError, served: [{ backend: 'plain', at: 11_901, healthy: true }] },
      [[0, 11_950]],
      [],
      'backend',
    ],
    ['its plugin server was killed', gatewayError, NEVER, incident('server-killed', 11_800, 12_500), 'K6'],
    [
      'its plugin server was killed before all workers had its target',
      { ...gatewayError, logged: [logged(12_000, 503)] },
      [[11_500, 1e9]],
      incident('server-killed', 11_800, 12_500),
      'K6',
    ],
    ['another was killed, before it came', gatewayError, NEVER, incident('server-killed', 8000, 9000), 'let-through'],
    [
      'its nginx worker was killed',
      entry({ kind: 'broken', at: 12_000, why: 'ECONNRESET' }),
      ALWAYS,
      incident('worker-killed', 11_900, 13_900),
      'worker',
    ],
    [
      'its nginx worker was replaced by a reload before its target came',
      { ...gatewayError, logged: [{ ...logged(12_000, 503), worker: 7 }] },
      [[11_990, 1e9]],
      [{ kind: 'reload', from: 10_500, to: 11_500, replaced: [6, 7] }],
      'reload',
    ],
    [
      'a worker had it that came with the reload',
      { ...gatewayError, logged: [{ ...logged(12_000, 503), worker: 8 }] },
      [[11_990, 1e9]],
      [{ kind: 'reload', from: 10_500, to: 11_500, replaced: [6, 7] }],
      'let-through',
    ],
    [
      'its deadline came while the server stood still',
      entry(answer(19_000, { code: 'SERVERLESS_HOLD_TIMEOUT' })),
      NEVER,
      incident('server-stalled', 14_000, 18_900),
      'stalled',
    ],
    [
      'it stood still, but not for so long',
      entry(answer(24_000, { code: 'SERVERLESS_HOLD_TIMEOUT' })),
      NEVER,
      incident('server-stalled', 14_000, 18_900),
      'late',
    ],
  ])('%s', (_, one, spans, incidents, expected) => {
    expect(judged(one, spans, incidents)).toBe(expected);
  });
});

test('a target that is taken from Kong’s workers again and again is a matter of the lease', () => {
  const one = entry(answer(12_000, { status: 503 }), { logged: [logged(12_000, 503)] });
  expect(judged(one, [[11_900, 1e9]], [], [[9000, 11_000]])).toBe('lease');
  expect(judged(one, [[11_900, 1e9]], [], [[9000, 10_600]])).toBe('let-through');
});

test('what nobody answers is lost, unless a worker spins for a server that was killed', () => {
  const one = entry({ kind: 'broken', at: 55_000, why: NO_ANSWER });
  const killed: Incident[] = [{ kind: 'server-killed', from: 10_100, to: 10_600 }];
  expect(judged(one, ALWAYS, killed)).toBe('lost');
  expect(judged(one, ALWAYS, [], [], true)).toBe('lost');
  expect(judged(one, ALWAYS, killed, [], true)).toBe('K7');
});

test('what a backend keeps that began to hang is that backend’s doing, within the lease or after it was sent there', () => {
  const had = (at: number, healthy: boolean, completedAt?: number): Entry =>
    entry(
      { kind: 'broken', at: 55_000, why: NO_ANSWER },
      {
        served: [{ backend: 'plain', at, healthy, ...(completedAt === undefined ? {} : { completedAt }) }],
        logged: [{ ...logged(55_000, 499), upstreamMs: 55_000 - at }],
      },
    );
  const hangs: [number, number][] = [
    [0, 10_000],
    [14_000, 1e9],
  ];
  expect(judged(had(10_500, false), hangs)).toBe('lease');
  expect(judged(had(9900, true), hangs)).toBe('backend');
  expect(judged(had(13_000, false), hangs)).toBe('let-through');
  // It answered: somebody else lost it. Or it was well all the time.
  expect(judged(had(9900, true, 9950), hangs)).toBe('lost');
  expect(judged(had(10_500, true), ALWAYS)).toBe('lost');
});

test('one that a worker had that a reload replaced is not forgotten: it can learn of nothing', () => {
  const end = answer(16_000, { code: 'SERVERLESS_HOLD_TIMEOUT', status: 503 });
  const one = entry(end, { logged: [{ ...logged(16_000, 503), worker: 7 }] });
  expect(judged(one, [[12_000, 1e9]], [{ kind: 'reload', from: 9000, to: 9900, replaced: [7] }])).toBe('reload');
});
