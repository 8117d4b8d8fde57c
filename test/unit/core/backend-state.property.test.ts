import fc from 'fast-check';
import { isOpen } from '../../../src/core/release';
import { IDLE, waitingIn } from '../../../src/core/state';
import type { Effect, Event, State, Step } from '../../../src/core/state';
import { NOBODY, workersOf } from '../../../src/core/waiting';
import type { Chance, Command, Machine } from './machine-world';
import { POLICY, realMachine, Violation, World } from './machine-world';

const RUNS = 12_000;

const worker = fc.integer({ min: 1, max: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('arrive' as const),
      worker,
      wakes: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
      room: fc.integer({ min: 0, max: 19 }).map((n) => n > 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), index: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('advance' as const),
      ms: fc.oneof(fc.nat(50), fc.nat(500), fc.nat(6000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('health' as const),
      worker: fc.integer({ min: 0, max: 3 }),
      up: fc.boolean(),
    }),
  },
);
const watch: fc.Arbitrary<Command> = fc.record({
  type: fc.constant('watch' as const),
  pods: fc.boolean(),
  up: fc.boolean(),
});
const draws = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: 6 });
const chance: fc.Arbitrary<Chance> = fc.record({
  probeMs: draws(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1000 }))),
  fanOut: draws(fc.integer({ min: 1, max: 4 })),
  unanswered: draws(fc.integer({ min: 0, max: 5 }).map((n) => n === 0)),
  publishMs: draws(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 8000 }))),
  publishOutcomes: draws(
    fc.constantFrom('accepted' as const, 'accepted' as const, 'retry' as const, 'refused' as const),
  ),
  jitter: draws(fc.double({ min: -1, max: 0.999, noNaN: true })),
});
const life = fc.tuple(fc.array(command, { minLength: 1, maxLength: 40 }), chance);
/** Of a backend whose pods are watched. */
const watchedLife = fc.tuple(
  fc.array(fc.oneof({ weight: 6, arbitrary: command }, { weight: 1, arbitrary: watch }), {
    minLength: 1,
    maxLength: 40,
  }),
  chance,
);

function holdsFor(machine: Machine, numRuns: number, lives = life): fc.RunDetails<[[Command[], Chance]]> {
  return fc.check(
    fc.property(lives, ([commands, decided]) => {
      new World(machine, decided).run(commands);
    }),
    { numRuns, seed: 20261121, endOnFailure: true },
  );
}

test(`every rule holds in ${RUNS} random lives of a backend`, () => {
  const details = holdsFor(realMachine, RUNS);
  expect(fc.defaultReportMessage(details)).toBeUndefined();
});

test(`and in ${RUNS} of one whose pods are watched`, () => {
  const details = holdsFor(realMachine, RUNS, watchedLife);
  expect(fc.defaultReportMessage(details)).toBeUndefined();
});

test.each([
  ['several passed probes in a row are wanted', { successes: 3 }],
  ['the lease is shorter than the settle limit', { leaseMs: 200 }],
])('every rule holds when %s', (_, policy) => {
  const details = fc.check(
    fc.property(life, ([commands, decided]) => {
      new World(realMachine, decided, { ...POLICY, ...policy }).run(commands);
    }),
    { numRuns: 1000, seed: 20261121 },
  );
  expect(fc.defaultReportMessage(details)).toBeUndefined();
});

/** The real machine with its effects changed. */
function withEffects(change: (effects: readonly Effect[], before: State, after: State) => readonly Effect[]): Machine {
  return {
    ...realMachine,
    step(state, event, policy) {
      const [next, effects] = realMachine.step(state, event, policy);
      return [next, change(effects, state, next)];
    },
  };
}

const released = (workers: readonly number[]): Effect => ({ type: 'release', workers });

/** Each names what it does wrong, and the rule that must catch it. */
const MUTATIONS: readonly { readonly name: string; readonly caughtBy: RegExp; readonly machine: Machine }[] = [
  {
    name: 'drops a release',
    caughtBy: /settles|releases all that wait/,
    machine: withEffects((effects) =>
      effects.map((effect) => (effect.type === 'release' ? released(effect.workers.slice(1)) : effect)),
    ),
  },
  {
    name: 'releases twice',
    caughtBy: /for somebody/,
    machine: withEffects((effects) =>
      effects.flatMap((effect): Effect[] => (effect.type === 'release' ? [effect, effect] : [effect])),
    ),
  },
  {
    name: 'publishes twice',
    caughtBy: /spaced/,
    machine: withEffects((effects) =>
      effects.flatMap((effect): Effect[] => (effect.type === 'publish' ? [effect, effect] : [effect])),
    ),
  },
  {
    name: 'probes twice',
    caughtBy: /at most one probe/,
    machine: withEffects((effects) =>
      effects.flatMap((effect): Effect[] => (effect.type === 'probe' ? [effect, effect] : [effect])),
    ),
  },
  {
    name: 'forgets the timer',
    caughtBy: /once a period/,
    machine: {
      ...realMachine,
      dueAt: (state, policy) => (state.kind === 'waking' ? undefined : realMachine.dueAt(state, policy)),
    },
  },
  {
    name: 'keeps a timer for nobody',
    caughtBy: /owns no timer/,
    machine: {
      ...realMachine,
      dueAt: (state, policy) =>
        realMachine.dueAt(state, policy) ?? (state.kind === 'waking' ? state.nextProbeAt + 1e6 : undefined),
    },
  },
  {
    name: 'releases without a probe',
    caughtBy: /without a probe/,
    machine: {
      ...realMachine,
      step: (state, event, policy): Step =>
        event.type === 'arrive' && state.kind === 'idle'
          ? [IDLE, [released([event.worker])]]
          : realMachine.step(state, event, policy),
    },
  },
  {
    name: 'trusts a lease that has ended',
    caughtBy: /within the lease/,
    machine: {
      ...realMachine,
      step: (state, event, policy): Step =>
        event.type === 'arrive' && state.kind === 'ready'
          ? [state, [released([event.worker])]]
          : realMachine.step(state, event, policy),
    },
  },
  {
    name: 'releases all workers when one has passed',
    caughtBy: /own worker/,
    machine: {
      ...realMachine,
      step(state, event, policy): Step {
        const [next, effects] = realMachine.step(state, event, policy);
        if (event.type !== 'probed' || next.kind !== 'ready' || next.waiting.size === 0) return [next, effects];
        return [{ ...next, waiting: NOBODY }, [...effects, released(workersOf(next.waiting))]];
      },
    },
  },
  {
    name: 'does not wake when the client has gone',
    caughtBy: /outlives the client/,
    machine: withEffects((effects, before) =>
      waitingIn(before).size === 0 ? effects.filter(({ type }) => type !== 'publish') : effects,
    ),
  },
  {
    name: 'holds beyond the bound',
    caughtBy: /overflow/,
    machine: {
      ...realMachine,
      step: (state, event, policy) =>
        realMachine.step(state, event.type === 'arrive' ? { ...event, room: true } : event, policy),
    },
  },
  {
    name: 'trusts a backend after a gap as ever',
    caughtBy: /on probation/,
    machine: {
      ...realMachine,
      step(state, event, policy): Step {
        const [next, effects] = realMachine.step(state, event, policy);
        return [next.kind === 'idle' ? next : { ...next, probationUntil: 0 }, effects];
      },
    },
  },
  {
    name: 'goes on waiting after a refusal',
    caughtBy: /refused wake-up/,
    machine: {
      ...realMachine,
      step: (state, event, policy) =>
        realMachine.step(
          state,
          event.type === 'published' && event.outcome === 'refused' ? { ...event, outcome: 'retry' } : event,
          policy,
        ),
    },
  },
  {
    name: 'ignores the settle limit of other workers',
    caughtBy: /own worker/,
    machine: {
      ...realMachine,
      step(state, event, policy): Step {
        const isEarly = event.type === 'arrive' && state.kind === 'ready' && event.now < state.leaseUntil;
        if (isEarly && !isOpen(state, event.worker, event.now, policy)) return [state, [released([event.worker])]];
        return realMachine.step(state, event, policy);
      },
    },
  },
];

/** The real machine, told something else. */
const told = (change: (event: Event) => Event): Machine => ({
  ...realMachine,
  step: (state, event, policy) => realMachine.step(state, change(event), policy),
});

const WATCHED: typeof MUTATIONS = [
  {
    name: 'opens for a pod that leaves',
    caughtBy: /to a pod that leaves/,
    machine: told((event) => (event.type === 'probed' ? { ...event, leaving: false } : event)),
  },
  {
    name: 'keeps its lease when the last pod leaves',
    caughtBy: /to a pod that leaves/,
    machine: told((event) => (event.type === 'withdrawn' ? { ...event, type: 'tick' } : event)),
  },
  {
    name: 'asks first what it knows already',
    caughtBy: /woken at once/,
    machine: told((event) => (event.type === 'arrive' ? { ...event, asleep: false } : event)),
  },
  {
    name: 'wakes what is up at its address',
    caughtBy: /up at its address/,
    machine: told((event) => ({ ...event, up: false })),
  },
];

test.each(WATCHED)('a machine with a watch that $name is caught', ({ machine, caughtBy }) => {
  const details = holdsFor(machine, RUNS, watchedLife);
  expect(details.failed).toBe(true);
  expect(details.errorInstance).toBeInstanceOf(Violation);
  expect(String(details.errorInstance)).toMatch(caughtBy);
});

test.each(MUTATIONS)('a machine that $name is caught', ({ machine, caughtBy }) => {
  const details = holdsFor(machine, RUNS);
  expect(details.failed).toBe(true);
  expect(details.errorInstance).toBeInstanceOf(Violation);
  expect(String(details.errorInstance)).toMatch(caughtBy);
});
