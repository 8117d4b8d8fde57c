import { every } from '../clock';
import type { Clock } from '../clock';
import { messageOf } from '../error-message';
import type { Journal } from '../journal';
import type { Scaling } from '../manifests/scaled-object';
import type { Demand } from './demand';
import { Hpa, HPA_SYNC_MS } from './hpa';
import { pollDecision } from './operator';
import type { Activity } from './operator';

/** What is scaled. */
export interface Scalable {
  readonly wanted: number;
  scale(replicas: number): void;
}

/** Scales one Deployment as one ScaledObject says: KEDA's operator between 0 and 1, the HPA from there. */
export class Scaler {
  #activity: Activity = { lastActiveAt: undefined };
  readonly #hpa: Hpa;
  #failing = false;
  #stops: (() => void)[] = [];
  readonly #target: Scalable;
  readonly #demand: Demand;
  readonly #clock: Clock;
  readonly #journal: Journal;

  constructor(
    readonly scaling: Scaling,
    target: Scalable,
    demand: Demand,
    clock: Clock,
    journal: Journal,
  ) {
    this.#target = target;
    this.#demand = demand;
    this.#clock = clock;
    this.#journal = journal;
    this.#hpa = new Hpa(scaling);
  }

  /** Milliseconds until it scales to zero if no message arrives; undefined while messages keep it up, and at zero. */
  get sleepsInMs(): number | undefined {
    const { lastActiveAt } = this.#activity;
    const now = this.#clock.now();
    if (lastActiveAt === undefined || this.#target.wanted === 0 || this.scaling.min > 0) return undefined;
    // Still active at the last poll: the queue is not empty yet.
    if (now - lastActiveAt <= this.scaling.pollingIntervalMs + 500) return undefined;
    return Math.max(lastActiveAt + this.scaling.cooldownMs - now, 0);
  }

  start(): void {
    this.#stops = [
      // With 0 KEDA polls the broker in a busy loop; ten times a second is enough here.
      every(this.#clock, Math.max(this.scaling.pollingIntervalMs, 100), () => this.poll()),
      every(this.#clock, HPA_SYNC_MS, () => this.sync()),
      this.#demand.follow(this.scaling, () => {
        this.#told();
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** One poll of KEDA's operator. Nothing changes while the broker does not respond: KEDA does not scale on errors. */
  async poll(): Promise<void> {
    const depth = await this.#depth();
    if (depth === undefined) return;
    const replicas = this.#target.wanted;
    const decision = pollDecision(this.scaling, { activity: this.#activity, depth, replicas, now: this.#clock.now() });
    this.#activity = decision.activity;
    if (decision.wanted === 0) this.#hpa.reset();
    this.#scale(
      decision.wanted,
      decision.wanted === 0
        ? `no message for ${this.scaling.cooldownMs / 1000} s`
        : `KEDA, ${this.#demand.words(depth)}`,
    );
  }

  /** One sync of the HPA. */
  async sync(): Promise<void> {
    if (this.#target.wanted === 0) return;
    const depth = await this.#depth();
    const replicas = this.#target.wanted;
    // KEDA may have scaled to zero meanwhile.
    if (depth === undefined || replicas === 0) return;
    const now = this.#clock.now();
    const wanted = this.#hpa.wanted(depth, replicas, now);
    if (wanted !== replicas) this.#hpa.changed(replicas, wanted, now);
    this.#scale(wanted, `HPA, ${this.#demand.words(depth)} at ${this.scaling.value} per replica`);
  }

  /** Somebody wants it: KEDA does not wait for its next poll, and begins the cooldown anew (E9). */
  #told(): void {
    this.#activity = { lastActiveAt: this.#clock.now() };
    if (this.#target.wanted === 0) this.#scale(Math.max(1, this.scaling.min), 'KEDA was told');
  }

  #scale(wanted: number, why: string): void {
    const from = this.#target.wanted;
    if (wanted === from) return;
    this.#journal.info('keda', `${this.scaling.target}: ${from} -> ${wanted} replicas (${why})`);
    this.#target.scale(wanted);
  }

  async #depth(): Promise<number | undefined> {
    try {
      const depth = await this.#demand.of(this.scaling);
      this.#failing = false;
      return depth;
    } catch (error) {
      if (!this.#failing)
        this.#journal.warn(
          'keda',
          `${this.scaling.push === undefined ? 'queue' : 'scaler'} ${this.scaling.queue}: ${messageOf(error)}; nothing is scaled`,
        );
      this.#failing = true;
      return undefined;
    }
  }
}
