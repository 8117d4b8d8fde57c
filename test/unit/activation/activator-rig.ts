import type { Arrival, Outcome } from '../../../src/activation/arrival';
import { Activator } from '../../../src/activation/activator';
import type { Origin } from '../../../src/activation/origin';
import { HeldBudget } from '../../../src/activation/held-budget';
import type { Backend } from '../../../src/core/backend';
import type {
  LateColdStart,
  Settlement,
  AddressAnswer,
  AddressProber,
  ColdStart,
  Endpoints,
  Lane,
  Observer,
  OnPods,
  OpenConnections,
  Pin,
  ProbeRound,
  Prober,
  Publisher,
  PublishTarget,
  WakeUp,
} from '../../../src/core/ports';
import type { ServiceName } from '../../../src/core/service-name';
import type { TraceContext, Tracer } from '../../../src/core/tracing';
import type { ProbeResult, PublishReport } from '../../../src/core/reports';
import { FakeClock, flush } from '../../support/fake-clock';
import { exampleBackend } from '../core/example-backend';

/** A prober whose backend is up or down, and answers after a while on the fake clock. */
export class FakeProber implements Prober {
  readonly #clock: FakeClock;
  readonly rounds: ProbeRound[] = [];
  up = false;
  /** Whether a probe passes; by default whether the backend is up. */
  passes: (round: ProbeRound) => boolean = () => this.up;
  answerMs = 5;
  /** Answers that never come. */
  silent = false;
  closed = false;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  probe(round: ProbeRound, onResult: (result: ProbeResult) => void): void {
    this.rounds.push(round);
    if (this.silent) return;
    const { timeoutMs } = round.settings;
    if (this.answerMs > timeoutMs) {
      this.#clock.after(timeoutMs, () => {
        onResult({ outcome: 'timed-out', worker: 0, report: { error: 'ETIMEDOUT' }, last: true });
      });
      return;
    }
    this.#clock.after(this.answerMs, () => {
      const passed = this.passes(round);
      const report = { status: passed ? 200 : 503 };
      onResult({ outcome: passed ? 'passed' : 'failed', worker: round.workers[0] ?? 0, report, last: true });
    });
  }

  close(): void {
    this.closed = true;
  }
}

export interface Published {
  readonly at: number;
  readonly target: PublishTarget;
  readonly message: WakeUp;
  readonly traceparent: string | undefined;
}

/** A sidecar that answers as it is told, after a while on the fake clock. */
export class FakePublisher implements Publisher {
  readonly #clock: FakeClock;
  readonly published: Published[] = [];
  report: PublishReport = { outcome: 'accepted', status: 204 };
  answerMs = 2;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  publish(target: PublishTarget, message: WakeUp, trace: TraceContext | undefined): Promise<PublishReport> {
    this.published.push({ at: this.#clock.now(), target, message, traceparent: trace?.traceparent });
    const { report } = this;
    return new Promise((resolve) => {
      this.#clock.after(this.answerMs, () => {
        resolve(report);
      });
    });
  }

  of(reason: WakeUp['reason']): Published[] {
    return this.published.filter(({ message }) => message.reason === reason);
  }

  /** Requests that the messages so far stand for. */
  get requests(): number {
    return this.published.reduce((sum, { message }) => sum + message.requests, 0);
  }
}

/** Writes down what activators tell. */
export class Witness implements Observer {
  readonly coldStarts: ColdStart[] = [];
  readonly late: ({ readonly code: string } & LateColdStart)[] = [];
  renewals = 0;
  readonly settlements: string[] = [];
  /** What let those go that went on. */
  readonly lanes: Lane[] = [];
  readonly probes: string[] = [];
  readonly publishes: string[] = [];
  readonly rejections: string[] = [];

  coldStart(_backend: string, coldStart: ColdStart): void {
    this.coldStarts.push(coldStart);
  }

  coldStartLate(_backend: string, code: string, late: LateColdStart): void {
    this.late.push({ code, ...late });
  }

  renewed(): void {
    this.renewals += 1;
  }

  settled(_backend: string, { outcome, lane }: Settlement): void {
    this.settlements.push(outcome);
    if (lane !== undefined) this.lanes.push(lane);
  }

  probed(_backend: string, outcome: string): void {
    this.probes.push(outcome);
  }

  published(_backend: string, reason: string, { outcome }: PublishReport): void {
    this.publishes.push(`${reason} ${outcome}`);
  }

  rejected(code: string): void {
    this.rejections.push(code);
  }
}

/** A Kubernetes in which each Service has the pods that the test gives it. */
export class FakeEndpoints implements Endpoints {
  readonly #followers = new Map<string, Set<OnPods>>();

  /** Services that are followed. */
  get followed(): string[] {
    return [...this.#followers].filter(([, followers]) => followers.size > 0).map(([service]) => service);
  }

  follow({ name, namespace }: ServiceName, onPods: OnPods): () => void {
    const followers = this.#followers.get(`${namespace}/${name}`) ?? new Set();
    this.#followers.set(`${namespace}/${name}`, followers.add(onPods));
    return () => followers.delete(onPods);
  }

  /** Pods with one port, 8080; Ready unless the address begins with `~`. */
  tell(service: string, addresses: readonly string[] | undefined): void {
    const pods = addresses?.map((address) => ({
      address: address.replace('~', ''),
      ready: !address.startsWith('~'),
      ports: new Map([['', 8080]]),
    }));
    for (const follower of this.#followers.get(service) ?? []) follower(pods);
  }
}

/** Pods that are asked one by one, and answer after a while on the fake clock. */
export class FakeAddressProber implements AddressProber {
  readonly #clock: FakeClock;
  readonly asked: Pin[] = [];
  /** Addresses that pass; any other is closed, unless `answers` says otherwise. */
  readonly up = new Set<string>();
  answers = new Map<string, AddressAnswer['outcome']>();
  /** What it says of a pin, where the test decides that. */
  answer: ((pin: Pin) => AddressAnswer['outcome']) | undefined;
  answerMs = 1;
  closed = false;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  probe(pin: Pin): Promise<AddressAnswer> {
    this.asked.push(pin);
    return new Promise((resolve) => {
      this.#clock.after(this.answerMs, () => {
        const known = this.up.has(pin.address) ? 'passed' : (this.answers.get(pin.address) ?? 'closed');
        const outcome = this.answer?.(pin) ?? known;
        resolve({ outcome, report: outcome === 'closed' ? undefined : { status: outcome === 'passed' ? 200 : 500 } });
      });
    });
  }

  close(): void {
    this.closed = true;
  }
}

/** A request and what became of it. */
export interface Caller {
  outcome: Outcome | undefined;
  readonly leave: () => void;
  readonly identify: (origin: Partial<Origin>) => void;
}

/** One activator among fakes. */
export class ActivatorRig {
  readonly clock = new FakeClock();
  readonly prober = new FakeProber(this.clock);
  readonly addressProber = new FakeAddressProber(this.clock);
  readonly publisher = new FakePublisher(this.clock);
  readonly witness = new Witness();
  /** Open connections to each `IP:PORT`. */
  readonly openTo = new Map<string, number>();
  readonly connections: OpenConnections = {
    to: (addresses) => Promise.resolve(addresses.reduce((sum, address) => sum + (this.openTo.get(address) ?? 0), 0)),
  };
  readonly budget: HeldBudget;
  readonly activator: Activator;
  readonly backend: Backend;
  /** Lines of the log. */
  readonly logged: { facts: object; sentence: string }[] = [];

  constructor(
    changes: Parameters<typeof exampleBackend>[0] = {},
    maxHeld = 10_000,
    /** Kubernetes, where the test has one. */
    readonly endpoints?: FakeEndpoints,
    /** Traces, where the test has them. */
    readonly tracer?: Tracer,
  ) {
    this.budget = new HeldBudget(maxHeld);
    this.backend = exampleBackend(changes);
    this.activator = this.create(this.backend);
  }

  create(backend: Backend): Activator {
    return new Activator(backend, {
      clock: this.clock,
      random: () => 0.5,
      prober: this.prober,
      addressProber: this.addressProber,
      publisher: this.publisher,
      observer: this.witness,
      logger: { debug: this.#log, info: this.#log, warn: this.#log, error: this.#log },
      budget: this.budget,
      endpoints: this.endpoints,
      connections: this.endpoints && this.connections,
      gateway: 'node-1',
      tracer: this.tracer,
    });
  }

  readonly #log = (facts: object, sentence: string): void => {
    this.logged.push({ facts, sentence });
  };

  /** A request. Its origin is known at once, unless `origin` says otherwise: `undefined` is one that is never read. */
  enter(
    arrival: Partial<Arrival> & { origin?: Partial<Origin> | undefined } = {},
    activator: Activator = this.activator,
  ): Caller {
    const entry = activator.enter({ worker: 11, wakes: true, backend: this.backend, ...arrival });
    if (entry.kind !== 'held') return { outcome: entry, leave: () => undefined, identify: () => undefined };
    const caller: Caller = {
      outcome: undefined,
      leave: () => {
        entry.leave();
      },
      identify: (origin) => {
        entry.identify({ host: undefined, traceparent: undefined, ...origin });
      },
    };
    const origin = 'origin' in arrival ? arrival.origin : {};
    if (origin !== undefined) caller.identify(origin);
    void entry.outcome.then((outcome) => {
      caller.outcome = outcome;
    });
    return caller;
  }

  burst(count: number, arrival: Parameters<ActivatorRig['enter']>[0] = {}): Caller[] {
    return Array.from({ length: count }, () => this.enter(arrival));
  }

  /** A burst of one that was released, and whose message has gone out. */
  async warmUp(): Promise<void> {
    this.prober.up = true;
    this.enter();
    await this.clock.advance(150);
    this.publisher.published.length = 0;
    this.prober.rounds.length = 0;
  }
}

/** How many ended how: `{released: 3, SERVERLESS_HOLD_TIMEOUT: 1, open: 2}`. */
export async function endings(callers: readonly Caller[]): Promise<Record<string, number>> {
  await flush();
  const counts: Record<string, number> = {};
  for (const { outcome } of callers) {
    let name = 'open';
    if (outcome !== undefined) name = outcome.kind === 'released' ? 'released' : outcome.error.code;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
