import type { Arrival, Hold, Outcome } from '../../../src/activation/arrival';
import { Activator } from '../../../src/activation/activator';
import { HeldBudget } from '../../../src/activation/held-budget';
import type { Backend } from '../../../src/core/backend';
import type {
  ColdStart,
  Observer,
  ProbeRound,
  Prober,
  Publisher,
  PublishTarget,
  WakeUp,
} from '../../../src/core/ports';
import type { ProbeResult, PublishReport } from '../../../src/core/reports';
import { FakeClock, flush } from '../../support/fake-clock';
import { exampleBackend } from '../core/example-backend';

/** A prober whose backend is up or down, and answers after a while on the fake clock. */
export class FakeProber implements Prober {
  readonly rounds: ProbeRound[] = [];
  up = false;
  answerMs = 5;
  /** Answers that never come. */
  silent = false;
  closed = false;

  constructor(private readonly clock: FakeClock) {}

  probe(round: ProbeRound, onResult: (result: ProbeResult) => void): void {
    this.rounds.push(round);
    if (this.silent) return;
    this.clock.after(this.answerMs, () => {
      const report = { status: this.up ? 200 : 503 };
      onResult({ outcome: this.up ? 'passed' : 'failed', worker: round.workers[0] ?? 0, report, last: true });
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
  readonly published: Published[] = [];
  report: PublishReport = { outcome: 'accepted', status: 204 };
  answerMs = 2;

  constructor(private readonly clock: FakeClock) {}

  publish(target: PublishTarget, message: WakeUp, traceparent: string | undefined): Promise<PublishReport> {
    this.published.push({ at: this.clock.now(), target, message, traceparent });
    const { report } = this;
    return new Promise((resolve) => {
      this.clock.after(this.answerMs, () => {
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
  readonly settlements: string[] = [];
  readonly probes: string[] = [];
  readonly publishes: string[] = [];
  readonly rejections: string[] = [];

  coldStart(_backend: string, coldStart: ColdStart): void {
    this.coldStarts.push(coldStart);
  }

  settled(_backend: string, outcome: string): void {
    this.settlements.push(outcome);
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

/** A request and what became of it. */
export interface Caller {
  outcome: Outcome | undefined;
  readonly leave: () => void;
}

/** One activator among fakes. */
export class ActivatorWorld {
  readonly clock = new FakeClock();
  readonly prober = new FakeProber(this.clock);
  readonly publisher = new FakePublisher(this.clock);
  readonly witness = new Witness();
  readonly budget: HeldBudget;
  readonly activator: Activator;

  constructor(changes: Parameters<typeof exampleBackend>[0] = {}, maxHeld = 10_000) {
    this.budget = new HeldBudget(maxHeld);
    this.activator = this.create(exampleBackend(changes));
  }

  create(backend: Backend): Activator {
    return new Activator(backend, {
      clock: this.clock,
      random: () => 0.5,
      prober: this.prober,
      publisher: this.publisher,
      observer: this.witness,
      budget: this.budget,
      gateway: 'node-1',
    });
  }

  enter(arrival: Partial<Arrival> = {}): Caller {
    const entered: Outcome | Hold = this.activator.enter({ worker: 11, wakes: true, ...arrival });
    if (!('outcome' in entered)) return { outcome: entered, leave: () => undefined };
    const caller: Caller = {
      outcome: undefined,
      leave: () => {
        entered.leave();
      },
    };
    void entered.outcome.then((outcome) => {
      caller.outcome = outcome;
    });
    return caller;
  }

  burst(count: number, arrival: Partial<Arrival> = {}): Caller[] {
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
