import { median } from '../load/numbers';
import type { Answer } from '../../real-parts/http';
import { send } from '../../real-parts/http';
import { type Change, Watch } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { type ClusterRig, NAMESPACE } from './cluster-rig';

/** How often the route without the plugin is polled, ms. */
const POLL_MS = 20;

/** When each phase of a cold start was reached, ms after the request (or the message by hand). */
export interface Phases {
  /** Dapr had accepted the wake-up. Only for a start by request. */
  readonly queued?: number;
  readonly scaled: number;
  readonly started: number;
  readonly ready: number;
  /** The gateway reached the backend on a route without the plugin. */
  readonly routable: number;
  /** A probe had passed. Only for a start by request. */
  readonly released?: number;
  readonly answered: number;
}

/** Watches the Deployment `consumer` and its pods. */
export class ColdStartWatch {
  readonly #replicas = Watch.start(['deployment', 'consumer', '-n', NAMESPACE], ['.spec.replicas']);
  readonly #pods = Watch.start(
    ['pods', '-l', 'app=consumer', '-n', NAMESPACE],
    ['.status.containerStatuses[0].started', '.status.conditions[?(@.type=="Ready")].status'],
  );
  readonly #rig: ClusterRig;

  constructor(rig: ClusterRig) {
    this.#rig = rig;
  }

  /** Measures one cold start: `wake` triggers it and resolves with the response. */
  async measure<T>(wake: () => Promise<T>): Promise<{ answer: T; phases: Phases }> {
    const from = performance.now();
    const stop = new AbortController();
    const routable = this.routable(stop.signal);
    try {
      const answer = await wake();
      const answered = performance.now() - from;
      const after = (change: Change | undefined): number => (change?.at ?? NaN) - from;
      const scaled = await until('the Deployment was scaled', () =>
        this.#replicas.first(from, ([count]) => Number(count) > 0),
      );
      const started = await until('its container has started', () => this.#pods.first(from, ([is]) => is === 'true'));
      const ready = await until('its pod is Ready', () => this.#pods.first(from, ([, is]) => is === 'True'));
      const phases = {
        scaled: after(scaled),
        started: after(started),
        ready: after(ready),
        routable: (await routable) - from,
        answered,
      };
      return { answer, phases };
    } finally {
      stop.abort();
    }
  }

  stop(): void {
    this.#replicas.stop();
    this.#pods.stop();
  }

  /** When the backend first responded on the route without the plugin. */
  async routable(signal?: AbortSignal): Promise<number> {
    while (signal?.aborted !== true) {
      const answer = await this.#byHand().catch(() => undefined);
      if (answer?.status === 200) return answer.at;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return NaN;
  }

  #byHand(): Promise<Answer> {
    return send({ ...this.#rig.at('/by-hand/kong/'), timeoutMs: 5000 });
  }
}

/** The median of each phase. */
export const medianPhases = (all: readonly Phases[]): Phases => {
  const middle = (phase: keyof Phases): number => median(all.map((phases) => phases[phase] ?? NaN));
  return {
    queued: middle('queued'),
    scaled: middle('scaled'),
    started: middle('started'),
    ready: middle('ready'),
    routable: middle('routable'),
    released: middle('released'),
    answered: middle('answered'),
  };
};
