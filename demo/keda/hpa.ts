import type { Scaling, ScalingRules } from '../manifests/scaled-object';

/** Kubernetes' `--horizontal-pod-autoscaler-sync-period`. */
export const HPA_SYNC_MS = 15_000;
/** No change while the ratio to the target is this close to 1: `--horizontal-pod-autoscaler-tolerance`. */
const TOLERANCE = 0.1;

interface Past {
  readonly at: number;
  readonly value: number;
}

/** Kubernetes' HorizontalPodAutoscaler for one queue, between 1 and the maximum. */
export class Hpa {
  #recommendations: Past[] = [];
  #changes: Past[] = [];
  readonly #scaling: Scaling;

  constructor(scaling: Scaling) {
    this.#scaling = scaling;
  }

  /** The replicas it wants now. The caller reports a change that it makes to `changed`. */
  wanted(depth: number, replicas: number, now: number): number {
    const { value, scaleUp, scaleDown, min, max } = this.#scaling;
    const ratio = depth / (value * replicas);
    const raw = Math.abs(1 - ratio) <= TOLERANCE ? replicas : Math.ceil(depth / value);
    const recommendation = Math.min(Math.max(raw, 1, min), max);
    const since = (windowMs: number): number[] =>
      this.#recommendations.filter(({ at }) => at > now - windowMs).map((past) => past.value);
    const up = Math.min(recommendation, ...since(scaleUp.windowMs));
    const down = Math.max(recommendation, ...since(scaleDown.windowMs));
    this.#recommendations = [...this.#recommendations, { at: now, value: recommendation }].filter(
      ({ at }) => at > now - Math.max(scaleUp.windowMs, scaleDown.windowMs),
    );
    if (replicas < up) return Math.min(up, max, this.#limitUp(replicas, now));
    if (replicas > down) return Math.max(down, min, 1, this.#limitDown(replicas, now));
    return replicas;
  }

  /** Records a change, for the policies that limit how much may change in a period. */
  changed(from: number, to: number, now: number): void {
    this.#changes.push({ at: now, value: to - from });
  }

  /** Forgets everything: KEDA suspends the HPA at zero replicas. */
  reset(): void {
    this.#recommendations = [];
    this.#changes = [];
  }

  #limitUp(replicas: number, now: number): number {
    const limits = this.#limits(this.#scaling.scaleUp, replicas, now, ({ type, value }, start) =>
      type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100)),
    );
    const limit = this.#scaling.scaleUp.select === 'Min' ? Math.min(...limits) : Math.max(...limits);
    return Math.max(limit, replicas);
  }

  #limitDown(replicas: number, now: number): number {
    const limits = this.#limits(this.#scaling.scaleDown, replicas, now, ({ type, value }, start) =>
      type === 'Pods' ? start - value : Math.floor(start * (1 - value / 100)),
    );
    const limit = this.#scaling.scaleDown.select === 'Min' ? Math.max(...limits) : Math.min(...limits);
    return Math.min(limit, replicas);
  }

  #limits(
    rules: ScalingRules,
    replicas: number,
    now: number,
    limit: (policy: ScalingRules['policies'][number], start: number) => number,
  ): number[] {
    if (rules.select === 'Disabled') return [replicas];
    return rules.policies.map((policy) => {
      const changed = this.#changes
        .filter(({ at }) => at > now - policy.periodMs)
        .reduce((sum, past) => sum + past.value, 0);
      return limit(policy, replicas - changed);
    });
  }
}
