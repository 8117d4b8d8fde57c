import { KUBERNETES } from './host-defaults';
import { items, numeric, text, valueAt } from './value';

/** How Kubernetes' HorizontalPodAutoscaler changes the number of replicas. */
export interface HpaBehavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** Its behaviour in one direction. */
export interface ScalingRules {
  /** The HPA takes the most cautious recommendation of this long. */
  readonly windowMs: number;
  readonly select: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly ScalingPolicy[];
}

/** How much may change in a period. */
export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodMs: number;
}

/** Reads `behavior`; what it leaves out, or says wrongly, is Kubernetes' default. */
export function hpaBehavior(behavior: unknown): HpaBehavior {
  const { scaleUp, scaleDown } = KUBERNETES.hpa;
  return {
    scaleUp: rulesOf(valueAt(behavior, ['scaleUp']), scaleUp),
    scaleDown: rulesOf(valueAt(behavior, ['scaleDown']), scaleDown),
  };
}

function rulesOf(rules: unknown, otherwise: Omit<ScalingRules, 'select'>): ScalingRules {
  const seconds = numeric(valueAt(rules, ['stabilizationWindowSeconds']));
  const select = text(valueAt(rules, ['selectPolicy']));
  const policies = items(valueAt(rules, ['policies'])).map((policy): ScalingPolicy => ({
    type: text(valueAt(policy, ['type'])) === 'Pods' ? 'Pods' : 'Percent',
    value: numeric(valueAt(policy, ['value'])) ?? 0,
    periodMs: (numeric(valueAt(policy, ['periodSeconds'])) ?? 0) * 1000,
  }));
  return {
    windowMs: seconds === undefined ? otherwise.windowMs : seconds * 1000,
    select: select === 'Min' || select === 'Disabled' ? select : KUBERNETES.hpa.select,
    policies: policies.length === 0 ? otherwise.policies : policies,
  };
}
