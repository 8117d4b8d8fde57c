import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../real-parts/guard';
import { History } from '../../faults/history';
import { MUTANTS } from '../../faults/mutants';
import { type Figures, faultsTable } from '../../faults/report';
import { chance } from '../../faults/schedule';
import { growth, type Sample } from '../../faults/soak';

test.each(MUTANTS)('the line that a mutant changes is there, once: $name', ({ file, from }) => {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
});

test('a seed gives the same numbers again, another seed others', () => {
  const numbers = (seed: number): number[] => Array.from({ length: 5 }, chance(seed));
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(7)).not.toEqual(numbers(8));
  for (const one of numbers(7)) expect(one >= 0 && one < 1).toBe(true);
});

test('a history knows what was so, at a moment and between two', () => {
  const history = new History();
  for (const [is, at] of [
    [true, 10],
    [true, 15],
    [false, 20],
    [true, 30],
  ] as const)
    history.set(is, at);
  expect([9, 10, 19, 20, 30].map((moment) => history.at(moment))).toEqual([false, true, true, false, true]);
  expect([history.within(20, 29), history.within(20, 30), history.within(0, 9)]).toEqual([false, true, false]);
  expect([history.throughout(10, 19), history.throughout(10, 20), history.throughout(30, 99)]).toEqual([
    true,
    false,
    true,
  ]);
});

describe('growth', () => {
  const sample = (rssMb: number, more: Partial<Sample> = {}): Sample => ({
    ...{
      phase: 'warm',
      done: 1,
      rssMb,
      descriptors: 30,
      instances: 2,
      connections: 8,
      events: 0,
      held: 0,
      backends: 3,
    },
    ...more,
  });

  test('is none where memory settles and the rest is flat', () => {
    expect(growth([80, 95, 96, 94, 97, 95].map((rssMb) => sample(rssMb)))).toEqual([]);
  });

  test('is said of what goes on to grow', () => {
    expect(growth([80, 90, 100, 110, 120, 130].map((rssMb) => sample(rssMb)))).toEqual([
      'warm: rssMb grew from 100 to 130',
    ]);
    expect(growth([0, 100, 200, 300].map((events) => sample(80, { events })))).toEqual([
      'warm: events grew from 100 to 300',
    ]);
  });
});

test('the table has a row for all and for each fault, with what no plugin can help and what is wrong', () => {
  const verdicts = { answered: 1200, rejected: 3, left: 1, K6: 2, lost: 1 };
  const figures: Figures = {
    ...{ gateway: 'Kong 2.8.1', seed: 7, minutes: 1.5, episodes: 4, wrong: 1, verdicts },
    byFault: { freeze: { episodes: 1, verdicts: { answered: 5 } } },
  };
  expect(faultsTable(figures).split('\n')).toEqual([
    'Kong 2.8.1, seed 7: 4 episodes in 1.5 minutes, 1,207 requests.',
    '',
    '| Fault | episodes | answered | rejected | left | limits | wrong |',
    '|---|--:|--:|--:|--:|---|--:|',
    '| **all** | 4 | 1,200 | 3 | 1 | K6 2 | 1 |',
    '| freeze | 1 | 5 | 0 | 0 | – | 0 |',
  ]);
});
