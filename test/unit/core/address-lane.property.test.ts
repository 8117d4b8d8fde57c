import fc from 'fast-check';
import type { AddressEvent, AddressLane, AddressStep } from '../../../src/core/address-lane';
import { addressesDueAt, NO_ADDRESSES, openAddresses, stepAddresses } from '../../../src/core/address-lane';
import type { AddressAnswer } from '../../../src/core/ports';
import { POLICY } from './example-backend';

/** What is tested: the real lane, or one with a mutation. */
interface Machine {
  step(lane: AddressLane, event: AddressEvent, wanted: boolean): AddressStep;
  open(lane: AddressLane, now: number): readonly string[];
}

const real: Machine = {
  step: (lane, event, wanted) => stepAddresses(lane, event, wanted, POLICY),
  open: openAddresses,
};

class Violation extends Error {}
const assertRule = (holds: boolean, rule: string): void => {
  if (!holds) throw new Violation(rule);
};

const ADDRESSES = Array.from({ length: 12 }, (_, n) => `10.0.0.${n}:80`);

/** Pods that come and go, and say what they like. It keeps its own books, and looks at the lane from outside only. */
class World {
  #lane: AddressLane = NO_ADDRESSES;
  #now = 1000;
  #wanted = false;
  #present = new Set<string>();
  /** Questions without an answer. */
  readonly #asked: { readonly address: string; readonly askedAt: number; readonly of: number }[] = [];
  /** How often each address has come. */
  readonly #lives = new Map<string, number>();
  /** When each passed last, unless it said otherwise or left since. */
  readonly #passed = new Map<string, number>();

  constructor(readonly machine: Machine) {}

  seen(addresses: readonly string[]): void {
    this.#now += 1;
    for (const address of addresses)
      if (!this.#present.has(address)) this.#lives.set(address, (this.#lives.get(address) ?? 0) + 1);
    this.#present = new Set(addresses);
    for (const address of ADDRESSES) if (!this.#present.has(address)) this.#passed.delete(address);
    this.#feed({ type: 'seen', addresses });
  }

  wants(wanted: boolean): void {
    this.#wanted = wanted;
    this.#feed({ type: 'tick' });
  }

  answers(index: number, outcome: AddressAnswer['outcome']): void {
    const [asked] = this.#asked.splice(index % Math.max(1, this.#asked.length), 1);
    if (asked === undefined) return;
    const { address, askedAt } = asked;
    if (this.#present.has(address) && this.#lives.get(address) === asked.of) {
      if (outcome === 'passed') this.#passed.set(address, this.#now);
      else if (outcome !== 'timed-out') this.#passed.delete(address);
    }
    this.#feed({ type: 'answered', address, outcome, askedAt });
  }

  uses(): void {
    const [address] = this.machine.open(this.#lane, this.#now);
    if (address !== undefined) this.#feed({ type: 'used', address });
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let turns = 0; ; turns += 1) {
      assertRule(turns < 10_000, 'time goes on');
      const due = addressesDueAt(this.#lane, this.#wanted);
      if (due === undefined || due > end) break;
      this.#now = Math.max(this.#now, due);
      this.#feed({ type: 'tick' });
      if (this.machine.open(this.#lane, this.#now).length > 0) break; // Nobody who could go waits.
    }
    this.#now = end;
    this.#check();
  }

  #feed(happening: Record<string, unknown>): void {
    const event = { ...happening, now: this.#now, jitter: 0.5 } as unknown as AddressEvent;
    const [lane, ask] = this.machine.step(this.#lane, event, this.#wanted);
    this.#lane = lane;
    for (const address of ask) {
      assertRule(this.#present.has(address), 'only what is there is asked');
      this.#asked.push({ address, askedAt: this.#now, of: this.#lives.get(address) ?? 0 });
    }
    const inFlight = this.#asked.map(({ address, of }) => `${address} ${of}`);
    assertRule(new Set(inFlight).size === inFlight.length, 'at most one probe in flight per address');
    this.#check();
  }

  #check(): void {
    for (const address of this.machine.open(this.#lane, this.#now)) {
      assertRule(this.#present.has(address), 'pinned after it left');
      const at = this.#passed.get(address);
      assertRule(at !== undefined, 'pinned to an address that had not passed');
      assertRule(this.#now < at! + POLICY.leaseMs, 'pinned after the lease');
    }
    const isAsked = this.#asked.length > 0 || addressesDueAt(this.#lane, true) !== undefined;
    if (this.#wanted && this.#present.size > 0) assertRule(isAsked, 'an address that somebody waits for is asked');
  }
}

type Command = (world: World) => void;
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.subarray(ADDRESSES).map((addresses) => (world: World) => {
    world.seen(addresses);
  }),
  fc.boolean().map((wanted) => (world: World) => {
    world.wants(wanted);
  }),
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(11), fc.constantFrom('passed' as const, 'failed' as const, 'closed' as const, 'timed-out' as const))
      .map(([index, outcome]) => (world: World) => {
        world.answers(index, outcome);
      }),
  },
  fc.constant((world: World) => {
    world.uses();
  }),
  {
    weight: 2,
    arbitrary: fc.oneof(fc.nat(50), fc.nat(6000)).map((ms) => (world: World) => {
      world.advance(ms);
    }),
  },
);

const check = (machine: Machine, numRuns: number) =>
  fc.check(
    fc.property(fc.array(command, { minLength: 1, maxLength: 40 }), (commands) => {
      const world = new World(machine);
      for (const run of commands) run(world);
    }),
    { numRuns, seed: 20261126, endOnFailure: true },
  );

test('every rule holds in 8000 random lives of a Service', () => {
  expect(fc.defaultReportMessage(check(real, 8000))).toBeUndefined();
});

const MUTATIONS: readonly (Machine & { readonly name: string; readonly caughtBy: RegExp })[] = [
  {
    name: 'opens an address that was only seen',
    caughtBy: /had not passed/,
    ...real,
    open: (lane) => [...lane.keys()],
  },
  {
    name: 'keeps one that left',
    caughtBy: /only what is there|after it left/,
    ...real,
    step(lane, event, wanted) {
      const [next, ask] = real.step(lane, event, wanted);
      return [event.type === 'seen' ? new Map([...lane, ...next]) : next, ask];
    },
  },
  {
    name: 'trusts a pass for ever',
    caughtBy: /after the lease/,
    ...real,
    open: (lane) => [...lane].filter(([, { openUntil }]) => openUntil > 0).map(([address]) => address),
  },
  {
    name: 'takes the word of one that left for that of its successor',
    caughtBy: /had not passed/,
    ...real,
    step: (lane, event, wanted) =>
      real.step(lane, event.type === 'answered' ? { ...event, askedAt: event.now } : event, wanted),
  },
  {
    name: 'asks what is asked already',
    caughtBy: /at most one probe/,
    ...real,
    step(lane, event, wanted) {
      const [next, ask] = real.step(lane, event, wanted);
      return [next, wanted ? [...ask, ...ask, ...ask] : ask];
    },
  },
  {
    name: 'forgets to ask',
    caughtBy: /is asked/,
    ...real,
    step(lane, event, wanted) {
      const [next] = real.step(lane, event, wanted);
      return [next, []];
    },
  },
];

test.each(MUTATIONS)('a lane that $name is caught', ({ caughtBy, ...machine }) => {
  const details = check(machine, 8000);
  expect(details.failed).toBe(true);
  expect(String((details as { errorInstance?: unknown }).errorInstance)).toMatch(caughtBy);
});
