import type { Activity } from '../core/publish-pace';
import { activityDueAt, countRequests, messageSent, NO_ACTIVITY, requestsForMessage } from '../core/publish-pace';
import type { Policy } from '../core/backend';
import type { Clock } from '../core/ports';
import type { PublishReport } from '../core/reports';
import { Alarm } from './alarm';

/** After a publish that failed, requests are only counted for this long. */
const PAUSE_MS = 5000;

/**
 * Turns requests into activity messages, in the background, so that the queue's depth follows their number. One message is under way
 * at a time: what comes meanwhile goes with the next, so that a sidecar that hangs is not given more and more to do. It owns a timer
 * only while a message is due that the rate cap holds back.
 */
export class ActivityReporter {
  #activity: Activity = NO_ACTIVITY;
  readonly #alarm: Alarm;
  #pausedUntil = 0;
  #open = false;
  #inFlight = false;
  readonly #policy: () => Policy;
  readonly #clock: Clock;
  readonly #publish: (requests: number) => Promise<PublishReport>;

  /** @param publish sends an activity message that stands for so many requests; never rejects */
  constructor(policy: () => Policy, clock: Clock, publish: (requests: number) => Promise<PublishReport>) {
    this.#policy = policy;
    this.#clock = clock;
    this.#publish = publish;
    this.#alarm = new Alarm(clock, () => {
      this.#arm();
    });
  }

  count(requests: number): void {
    this.#activity = countRequests(this.#activity, requests);
    this.#arm();
  }

  /** Messages go out from now on: the backend is up, or Dapr took its wake-up. */
  open(): void {
    this.#open = true;
    this.#arm();
  }

  /** Messages wait: whether the backend can be woken is not known. */
  close(): void {
    this.#open = false;
    this.#alarm.set(undefined);
  }

  /** A wake-up goes out that stands for one of the requests counted, and for the rate cap is a message like any other. */
  wakeUpSent(): void {
    this.#activity = messageSent(this.#activity, 1, this.#clock.now(), this.#policy());
  }

  /** Forgets requests that came to nothing. */
  drop(): void {
    this.#activity = { ...this.#activity, pending: 0 };
    this.#alarm.set(undefined);
  }

  #arm(): void {
    if (!this.#open || this.#inFlight) return;
    const due = activityDueAt(this.#activity, this.#policy());
    if (due === undefined) return;
    const at = Math.max(due, this.#pausedUntil);
    // With every request a message may be due earlier, never later.
    if (this.#alarm.at !== undefined && this.#alarm.at <= at) return;
    const isDue = at <= this.#clock.now();
    this.#alarm.set(isDue ? undefined : at);
    if (isDue) this.#send();
  }

  #send(): void {
    const requests = requestsForMessage(this.#activity, this.#policy());
    this.#activity = messageSent(this.#activity, requests, this.#clock.now(), this.#policy());
    this.#inFlight = true;
    void this.#publish(requests).then(({ outcome }) => {
      this.#inFlight = false;
      if (outcome !== 'accepted') {
        this.#pausedUntil = this.#clock.now() + PAUSE_MS;
        this.#activity = countRequests(this.#activity, requests);
      }
      this.#arm();
    });
  }
}
