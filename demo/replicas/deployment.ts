import type { Clock } from '../clock';
import type { Journal } from '../journal';
import type { Scalable } from '../keda/scaler';
import type { Workload } from '../manifests/workload';
import { Replica } from './replica';
import type { ReplicaOptions } from './replica';

/** The kubelet's back-off for a crashing container. */
const FIRST_BACK_OFF_MS = 10_000;
const MAX_BACK_OFF_MS = 300_000;

/** When a Deployment last left zero replicas, milliseconds since the epoch. */
export interface Wake {
  readonly scaledAt: number;
  readyAt: number | undefined;
}

/** How many wakes are remembered, for the page's cold starts. */
const WAKES = 20;

/** Keeps as many replicas of a Deployment as are wanted. */
export class Deployment implements Scalable {
  wanted = 0;
  replicas: readonly Replica[] = [];
  readonly wakes: Wake[] = [];
  /** Called whenever anything about a replica changes, also that it listens. */
  onPods: () => void = () => undefined;
  #crashes = 0;
  #count = 0;
  #cancelRestart: () => void = () => undefined;
  readonly #options: ReplicaOptions;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #changed: (replica: Replica) => void;

  /** @param changed Called whenever a replica becomes ready, becomes unready, or exits. */
  constructor(
    readonly workload: Workload,
    options: ReplicaOptions,
    clock: Clock,
    journal: Journal,
    changed: (replica: Replica) => void,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#journal = journal;
    this.#changed = changed;
  }

  get name(): string {
    return this.workload.name;
  }

  /** `host:port` of each replica that is ready. */
  endpoints(): readonly string[] {
    return this.replicas.flatMap(({ endpoint }) => endpoint ?? []);
  }

  /** Starts or stops replicas until there are this many. */
  scale(wanted: number): void {
    if (this.wanted === 0 && wanted > 0) {
      this.wakes.push({ scaledAt: this.#clock.now(), readyAt: undefined });
      if (this.wakes.length > WAKES) this.wakes.shift();
    }
    this.wanted = wanted;
    if (wanted === 0) this.#crashes = 0;
    this.#reconcile();
  }

  /** Kills one replica, preferably a ready one. Resolves with its name. */
  async killOne(): Promise<string | undefined> {
    const victim = this.replicas.find(({ phase }) => phase === 'ready') ?? this.#staying()[0];
    await victim?.kill();
    return victim?.name;
  }

  /** Kills all replicas. */
  async close(): Promise<void> {
    this.wanted = 0;
    this.#cancelRestart();
    await Promise.all(this.replicas.map((replica) => replica.kill()));
  }

  #staying(): Replica[] {
    return this.replicas.filter(({ phase }) => phase === 'starting' || phase === 'ready');
  }

  #reconcile(): void {
    this.#cancelRestart();
    for (let missing = this.wanted - this.#staying().length; missing > 0; missing--) this.#start();
    // As Kubernetes: first those that are not ready, then the youngest.
    const surplus = this.#staying()
      .sort((a, b) => Number(a.phase === 'ready') - Number(b.phase === 'ready') || b.startedAt - a.startedAt)
      .slice(0, Math.max(this.#staying().length - this.wanted, 0));
    for (const replica of surplus) replica.stop();
  }

  #start(): void {
    const name = `${this.name}-${++this.#count}`;
    const changed = (one: Replica): void => {
      this.#onChange(one);
      this.onPods();
    };
    const replica = new Replica(name, this.workload, this.#options, this.#clock, changed, () => {
      this.onPods();
    });
    this.replicas = [...this.replicas, replica];
    this.#journal.info('replica', `${name} starts (pid ${replica.pid ?? 'none'})`);
  }

  #onChange(replica: Replica): void {
    if (replica.phase === 'ready') {
      this.#crashes = 0;
      const wake = this.wakes.at(-1);
      if (wake !== undefined) wake.readyAt ??= this.#clock.now();
      this.#journal.info('replica', `${replica.name} is ready after ${seconds(this.#clock.now() - replica.startedAt)}`);
    } else if (replica.phase === 'starting') {
      this.#journal.warn('replica', `${replica.name} is not ready any more`);
    } else if (replica.phase === 'terminated') {
      this.replicas = this.replicas.filter((other) => other !== replica);
      this.#onEnd(replica);
    }
    this.#changed(replica);
  }

  #onEnd(replica: Replica): void {
    const missing = this.#staying().length < this.wanted;
    const text = `${replica.name} has ended (${replica.ending})`;
    if (!missing) {
      this.#journal.info('replica', text);
      return;
    }
    const backOffMs = this.#crashes === 0 ? 0 : Math.min(FIRST_BACK_OFF_MS * 2 ** (this.#crashes - 1), MAX_BACK_OFF_MS);
    this.#crashes++;
    this.#journal.warn('replica', `${text}; another one starts${backOffMs === 0 ? '' : ` in ${backOffMs / 1000} s`}`);
    this.#cancelRestart = this.#clock.after(backOffMs, () => {
      this.#reconcile();
    });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
