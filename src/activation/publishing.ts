import type { Backend, TopicName } from '../core/backend';
import type { WakeUp } from '../core/ports';
import type { PublishReport } from '../core/reports';
import type { TraceContext } from '../core/tracing';
import type { ActivationLog } from './activation-log';
import { ActivityReporter } from './activity-reporter';
import type { ActivatorParts } from './arrival';
import { InFlight } from './in-flight';
import type { Pods } from './pods';
import { beginPublish, endPublish } from './publish-span';
import { UnprobedWake } from './unprobed';
import { WakeLimits } from './wake-limits';

/** A publish that takes longer may hang, and another get through, milliseconds. */
const MAY_HANG_MS = 2000;

type PublishingParts = Pick<ActivatorParts, 'clock' | 'publisher' | 'observer' | 'gateway' | 'connections' | 'tracer'>;

/** When Dapr is asked for a backend, and what it said last: cold-start wake-ups, and the activity messages that keep the backend up. */
export class Publishing {
  readonly #backend: () => Backend;
  readonly #parts: PublishingParts;
  readonly #log: ActivationLog;
  readonly #pods: { readonly asleep: boolean };
  readonly #origins: { readonly trace: TraceContext | undefined };
  readonly #waiters: { readonly size: number };
  readonly #activity: ActivityReporter;
  readonly #inFlight: InFlight;
  /** Where there is no health path, and so nothing to probe. */
  readonly #unprobed: UnprobedWake | undefined;
  #lastReport: PublishReport | undefined;
  /** The wake-up that Dapr has not answered yet. */
  #underWay: { readonly since: number; readonly report: Promise<PublishReport> } | undefined;
  /** How often it may be woken. */
  readonly limits: WakeLimits;

  /**
   * @param backend what holds for it now
   * @param pods of it
   * @param origins of the activation under way
   * @param waiters requests that are held
   */
  constructor(
    backend: () => Backend,
    parts: PublishingParts,
    log: ActivationLog,
    pods: Pods,
    origins: { readonly trace: TraceContext | undefined },
    waiters: { readonly size: number },
  ) {
    this.#backend = backend;
    this.#parts = parts;
    this.#log = log;
    this.#pods = pods;
    this.#origins = origins;
    this.#waiters = waiters;
    const policy = (): Backend['policy'] => this.#backend().policy;
    this.limits = new WakeLimits(policy, parts.clock);
    this.#activity = new ActivityReporter(policy, parts.clock, (requests) => this.#publish('activity', requests));
    this.#inFlight = new InFlight({
      clock: parts.clock,
      connections: parts.connections,
      pods: () => pods.all,
      messageTtlMs: () => policy().messageTtlMs,
      onOpen: (connections) => {
        void this.#publish('activity', 0, connections);
      },
    });
    if (backend().healthPath !== undefined) return;
    this.#unprobed = new UnprobedWake(policy, parts.clock, () => this.#wake());
    this.#activity.open();
  }

  /** What Dapr said to the last message. */
  get lastReport(): PublishReport | undefined {
    return this.#lastReport;
  }

  /** Whether requests were open that outlive their messages, when that was looked at last. */
  get isInFlight(): boolean {
    return this.#inFlight.isOpen;
  }

  /** Counts requests that passed, or that are held behind a wake-up. */
  count(requests: number): void {
    const isWakeUp = this.#unprobed?.requested() === true;
    if (isWakeUp) this.#activity.wakeUpSent();
    this.#activity.count(isWakeUp ? requests - 1 : requests);
  }

  /** Activity messages go out from now on: the backend is up, or Dapr took its wake-up. */
  open(): void {
    this.#activity.open();
  }

  /** Activity messages wait: whether the backend can be woken is not known. */
  hold(): void {
    this.#activity.close();
  }

  /** Forgets requests that came to nothing. */
  drop(): void {
    this.#activity.drop();
  }

  /**
   * Publishes a cold-start wake-up, and those of the backends that are woken with this one, unless it may not be woken now. Never rejects.
   *
   * @param wokenAt which cold start it is
   */
  wake(wokenAt: number): Promise<Pick<PublishReport, 'outcome'>> {
    if (!this.limits.admits(wokenAt)) return Promise.resolve({ outcome: 'refused' });
    const underWay = this.#underWay;
    const now = this.#parts.clock.now();
    // One that is on its way will do: it is not in the queue yet, so it lasts for as long as another would.
    if (underWay !== undefined && now - underWay.since < MAY_HANG_MS) return underWay.report;
    this.#activity.wakeUpSent();
    const report = this.#wake();
    const sent = { since: now, report };
    this.#underWay = sent;
    return report.finally(() => {
      if (this.#underWay === sent) this.#underWay = undefined;
    });
  }

  close(): void {
    this.#activity.close();
    this.#inFlight.close();
    this.#unprobed?.close();
  }

  #wake(): Promise<PublishReport> {
    for (const companion of this.#backend().wakesWith) void this.#wakeCompanion(companion);
    return this.#publish('cold-start', 1);
  }

  /** Another backend. That it was not woken is no reason to wait: this one is what requests are for, and its next wake-up tries again. */
  async #wakeCompanion({ pubsub, topic }: TopicName): Promise<void> {
    const { target, policy } = this.#backend();
    const { gateway, clock, publisher, observer } = this.#parts;
    const ttl = Math.ceil(policy.messageTtlMs / 1000);
    const trace = this.#origins.trace;
    const message: WakeUp = {
      ...{ reason: 'cold-start', backend: target, requests: 1, ttl, gateway, at: clock.wall() },
      ...trace,
    };
    const report = await publisher.publish({ pubsub, topic, ttlMs: policy.messageTtlMs }, message, trace);
    observer.published(target, 'companion', report);
  }

  async #publish(reason: WakeUp['reason'], requests: number, inFlight?: number): Promise<PublishReport> {
    const { target, pubsub, topic, policy } = this.#backend();
    const { gateway, clock, publisher, observer, tracer } = this.#parts;
    this.#log.published(reason, this.#pods.asleep);
    // The request that is the reason of a wake-up does not wait yet.
    const held = Math.max(this.#waiters.size, reason === 'cold-start' ? requests : 0);
    // Activity is nobody's.
    const parent = reason === 'cold-start' ? this.#origins.trace : undefined;
    const span =
      reason === 'cold-start' ? tracer && beginPublish(tracer, parent, clock.now(), target, topic) : undefined;
    const trace = span?.context ?? parent;
    const message: WakeUp = {
      ...{ reason, backend: target, requests },
      ...(inFlight === undefined ? {} : { inFlight }),
      ...(held === 0 ? {} : { held }),
      ...{ ttl: Math.ceil(policy.messageTtlMs / 1000), gateway, at: clock.wall() },
      ...trace,
    };
    const report = await publisher.publish({ pubsub, topic, ttlMs: policy.messageTtlMs }, message, trace);
    if (span !== undefined) endPublish(span, report);
    this.#lastReport = report;
    // One that failed is no reason to stop looking: the next look may find the sidecar well.
    this.#inFlight.messageSent();
    if (report.outcome === 'accepted') this.#unprobed?.accepted();
    observer.published(target, reason, report);
    return report;
  }
}
