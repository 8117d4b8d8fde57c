import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../core/errors';
import type { ColdStart, Observer, WakeUp } from '../core/ports';
import type { PublishReport } from '../core/reports';

/** From a probe that passes at once to the longest hold that is usual. Seconds. */
const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300];

/** Counts what activators do, for Prometheus. Labels take their values from the configuration, never from a client. */
export class Metrics implements Observer {
  readonly #registry = new Registry();
  readonly #held = this.#histogram('serverless_hold_seconds', 'Time a request was held, by how that ended', [
    'outcome',
  ]);
  readonly #ready = this.#histogram('serverless_cold_start_seconds', 'First request of a cold start until ready', []);
  readonly #woken = this.#histogram('serverless_wake_seconds', 'First request until Dapr took the wake-up', []);
  readonly #probes = this.#counter('serverless_probes_total', 'Probes, by outcome', ['outcome']);
  readonly #rejections = new Counter({
    name: 'serverless_rejections_total',
    help: 'Requests that the plugin answered with an error, by its code',
    labelNames: ['code'],
    registers: [this.#registry],
  });
  readonly #messages = this.#counter('serverless_messages_total', 'Messages handed to Dapr', ['reason', 'outcome']);

  /** @param held requests held now, in the whole process */
  constructor(held: () => number) {
    new Gauge({
      name: 'serverless_requests_held',
      help: 'Requests held now',
      registers: [this.#registry],
      collect() {
        this.set(held());
      },
    });
  }

  coldStart(backend: string, { wakeMs, readyMs }: ColdStart): void {
    this.#ready.observe({ backend }, readyMs / 1000);
    if (wakeMs !== undefined) this.#woken.observe({ backend }, wakeMs / 1000);
  }

  settled(backend: string, outcome: string, heldMs: number): void {
    this.#held.observe({ backend, outcome }, heldMs / 1000);
  }

  probed(backend: string, outcome: string): void {
    this.#probes.inc({ backend, outcome });
  }

  published(backend: string, reason: WakeUp['reason'], { outcome }: PublishReport): void {
    this.#messages.inc({ backend, reason, outcome });
  }

  rejected(code: ErrorCode): void {
    this.#rejections.inc({ code });
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string, labels: string[]): Counter {
    return new Counter({ name, help, labelNames: ['backend', ...labels], registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labels: string[]): Histogram {
    return new Histogram({
      name,
      help,
      labelNames: ['backend', ...labels],
      buckets: BUCKETS,
      registers: [this.#registry],
    });
  }
}
