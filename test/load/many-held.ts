import { Activator } from '../../src/activation/activator';
import type { Hold } from '../../src/activation/arrival';
import { HeldBudget } from '../../src/activation/held-budget';
import type { Backend } from '../../src/core/backend';
import { step } from '../../src/core/backend-state';
import type { ProbeRound, Prober } from '../../src/core/ports';
import type { ProbeResult } from '../../src/core/reports';
import { type Happening, IDLE, type State, waitingIn } from '../../src/core/state';
import { FakeClock, flush } from '../support/fake-clock';
import { busyMs, median } from './numbers';

/** Requests held at once: what a burst after a night's silence may be on a big gateway. */
export const MANY = 20_000;
const ROUNDS = 7;
/** nginx workers that the requests come by. */
const WORKERS = [11, 12, 13, 14];
/** Different Host headers among the requests. */
const HOSTS = 5;

/** Milliseconds of a busy event loop, for MANY requests in total. */
export interface Total {
  readonly median: number;
  readonly worst: number;
}

/** One backend that sleeps, in one process and without Kong: what the event loop spends on MANY requests at once. */
export interface ManyHeld {
  readonly machineArrivals: Total;
  readonly machineLeaves: Total;
  /** These include what the machine spends. */
  readonly arrivals: Total;
  /** All clients disconnect. */
  readonly leaves: Total;
  /** A probe passes through each worker. */
  readonly releases: Total;
  /** All hold deadlines are over. */
  readonly rejections: Total;
  /** The least that holding takes: a promise for each, kept in a Set and settled. */
  readonly bare: Total;
  /** What one arrival costs among MANY, relative to one among a tenth of them: 1 where the cost does not grow with the number. */
  readonly growth: number;
}

type Lap = Record<Exclude<keyof ManyHeld, 'growth'>, number> & { readonly fewArrivals: number };
type MachineLap = Pick<Lap, 'machineArrivals' | 'machineLeaves'>;

export const measureManyHeld = async (say: (line: string) => void): Promise<ManyHeld> => {
  const laps: Lap[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const lap = { ...runMachine(), ...(await runActivator()), ...runBare() };
    // The first round only warms up.
    if (round > 0) laps.push(lap);
  }
  const total = (name: keyof Lap): Total => {
    const values = laps.map((lap) => lap[name]);
    return { median: median(values), worst: Math.max(...values) };
  };
  const many: ManyHeld = {
    machineArrivals: total('machineArrivals'),
    machineLeaves: total('machineLeaves'),
    arrivals: total('arrivals'),
    leaves: total('leaves'),
    releases: total('releases'),
    rejections: total('rejections'),
    bare: total('bare'),
    growth: total('arrivals').median / (total('fewArrivals').median * 10),
  };
  say(`${MANY} held: arrivals ${many.arrivals.median.toFixed(0)} ms, leaves ${many.leaves.median.toFixed(0)} ms`);
  return many;
};

const workerOf = (request: number): number => WORKERS[request % WORKERS.length] ?? 0;

const countOf = (state: State): number => {
  return [...waitingIn(state).values()].reduce((sum, { wakes }) => sum + wakes, 0);
};

/** The state machine alone. */
const runMachine = (): MachineLap => {
  let state: State = IDLE;
  const tell = (happening: Happening): void => {
    [state] = step(state, { ...happening, now: 1000, jitter: 0 }, BACKEND.policy);
  };
  const all = (type: 'arrive' | 'leave'): number =>
    timed(() => {
      for (let request = 0; request < MANY; request += 1)
        tell({ type, worker: workerOf(request), wakes: true, room: true });
    });
  tell({ type: 'arrive', worker: 11, wakes: true, room: true });
  tell({ type: 'probed', scope: 'any', outcome: 'failed', worker: 11, last: true });
  const machineArrivals = all('arrive');
  expectEqual('waiting', countOf(state), MANY + 1);
  const machineLeaves = all('leave');
  expectEqual('waiting', countOf(state), 1);
  return { machineArrivals, machineLeaves };
};

/** One activator whose clients disconnect, one that is released, one whose deadlines come, and one with a tenth of the requests. */
const runActivator = async (): Promise<Omit<Lap, keyof MachineLap | 'bare'>> => {
  const [left, released, late, few] = [new ActivatorRig(), new ActivatorRig(), new ActivatorRig(), new ActivatorRig()];
  const arrivals = timed(() => {
    left.arrive();
  });
  const leaves = timed(() => {
    for (const hold of left.holds) hold.leave();
  });
  released.arrive();
  const releases = await timedAsync(() => released.pass());
  late.arrive();
  const rejections = await timedAsync(() => late.clock.advance(BACKEND.policy.holdTimeoutMs));
  const fewArrivals = timed(() => {
    few.arrive(MANY / 10);
  });
  for (const hold of few.holds) hold.leave();
  for (const rig of [left, released, late, few]) {
    expectEqual('held', rig.budget.held, 0);
    rig.activator.close();
  }
  return { arrivals, leaves, releases, rejections, fewArrivals };
};

const runBare = (): Pick<Lap, 'bare'> => {
  const held = new Set<() => void>();
  const bare = timed(() => {
    for (let request = 0; request < MANY; request += 1) void new Promise<void>((resolve) => held.add(resolve));
    for (const settle of held) {
      settle();
      held.delete(settle);
    }
  });
  return { bare };
};

/** One activator of a backend that sleeps until `pass`, on a clock that stands still. */
class ActivatorRig {
  readonly clock = new FakeClock();
  readonly budget = new HeldBudget(2 * MANY);
  readonly holds: Hold[] = [];
  readonly activator: Activator;
  /** Rounds of probing without a result yet. */
  #rounds: { readonly round: ProbeRound; readonly onResult: (result: ProbeResult) => void }[] = [];

  constructor() {
    const prober: Prober = {
      probe: (round, onResult) => {
        this.#rounds.push({ round, onResult });
      },
      close: () => undefined,
    };
    this.activator = new Activator(BACKEND, {
      clock: this.clock,
      random: () => 0.5,
      prober,
      addressProber: { probe: () => Promise.resolve({ outcome: 'closed', report: undefined }), close: silent },
      publisher: { publish: () => Promise.resolve({ outcome: 'accepted', status: 204 }) },
      observer: {
        ...{ coldStart: silent, coldStartLate: silent, settled: silent, renewed: silent },
        ...{ probed: silent, published: silent, rejected: silent },
      },
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      budget: this.budget,
      endpoints: undefined,
      connections: undefined,
      gateway: 'bench',
    });
  }

  arrive(count = MANY): void {
    for (let request = 0; request < count; request += 1) {
      const entry = this.activator.enter({ worker: workerOf(request), wakes: true, backend: BACKEND });
      if (entry.kind !== 'held') throw new Error(`a request was ${entry.kind}, not held`);
      entry.identify({ host: `${request % HOSTS}.example`, traceparent: undefined });
      this.holds.push(entry);
    }
  }

  /** Probes pass, through one worker after the other, until nothing is held. */
  async pass(): Promise<void> {
    for (let round = 0; this.budget.held > 0; round += 1) {
      expectEqual('rounds of probing', Math.min(round, 100), round);
      for (const { round: asked, onResult } of this.#rounds.splice(0))
        onResult({ outcome: 'passed', worker: asked.workers[0] ?? 0, report: { status: 200 }, last: true });
      await flush();
    }
  }
}

const BACKEND: Backend = {
  key: 'bench',
  source: 'bench',
  target: '/bench',
  prefix: '/bench',
  healthPath: '/bench/healthz',
  pubsub: 'pubsub',
  topic: 'bench',
  service: undefined,
  wakesWith: [],
  probe: { timeoutMs: 1000, statuses: [200], grpc: false, host: undefined, url: undefined },
  policy: {
    ...{ intervalMs: 100, holdTimeoutMs: 30_000, maxHeld: 2 * MANY, leaseMs: 5000, settleMs: 1000, successes: 1 },
    ...{ messageTtlMs: 30_000, requestsPerMessage: 1, maxMessageRate: 10 },
    ...{ maxWakesPerHour: Infinity, maxFailedWakes: Infinity },
  },
  noWake: [],
  onTimeout: 'reject',
};

const silent = (): void => undefined;

const timed = (work: () => void): number => {
  const from = busyMs();
  work();
  return busyMs() - from;
};

const timedAsync = async (work: () => Promise<void>): Promise<number> => {
  const from = busyMs();
  await work();
  return busyMs() - from;
};

const expectEqual = (what: string, actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
};
