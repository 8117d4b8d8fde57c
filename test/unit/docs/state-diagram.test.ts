import fc from 'fast-check';
import { type Chance, type Command, type Machine, POLICY, realMachine, World } from '../core/machine-world';
import { diagramsOf, read } from './repository';

const RUNS = 4000;

/** The arrows of the diagram, and of nothing else: a state that stays what it is has none. */
const drawn = [...diagramsOf(read('docs/architecture.md'), 'stateDiagram')[0]!.matchAll(/^ *(\w+) --> (\w+)/gm)]
  .map(([, from, to]) => `${from!} --> ${to!}`)
  .sort();

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    type: fc.constant('arrive' as const),
    worker: fc.integer({ min: 1, max: 3 }),
    wakes: fc.boolean(),
    room: fc.constant(true),
  }),
  fc.record({ type: fc.constant('leave' as const), index: fc.nat(5) }),
  fc.record({ type: fc.constant('advance' as const), ms: fc.oneof(fc.nat(50), fc.nat(500), fc.nat(6000)) }),
  fc.record({ type: fc.constant('health' as const), worker: fc.integer({ min: 0, max: 3 }), up: fc.boolean() }),
  fc.record({ type: fc.constant('watch' as const), pods: fc.boolean() }),
);

const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: 6 });
const chance: fc.Arbitrary<Chance> = fc.record({
  probeMs: some(fc.integer({ min: 1, max: 1000 })),
  fanOut: some(fc.integer({ min: 1, max: 4 })),
  unanswered: some(fc.boolean()),
  publishMs: some(fc.integer({ min: 1, max: 4000 })),
  publishOutcomes: some(fc.constantFrom('accepted' as const, 'retry' as const, 'refused' as const)),
  jitter: some(fc.double({ min: -1, max: 0.999, noNaN: true })),
});

test('the diagram in docs/architecture.md has the transitions of the machine, all of them and no others', () => {
  const seen = new Set<string>();
  const watched: Machine = {
    ...realMachine,
    step(state, event, policy) {
      const next = realMachine.step(state, event, policy);
      if (next[0].kind !== state.kind) seen.add(`${state.kind} --> ${next[0].kind}`);
      return next;
    },
  };
  const lives = fc.tuple(fc.array(command, { minLength: 1, maxLength: 30 }), chance);
  for (const [commands, decided] of fc.sample(lives, { numRuns: RUNS, seed: 20261126 })) {
    new World(watched, decided, POLICY).run(commands);
  }
  expect([...seen].sort()).toEqual(drawn);
});
