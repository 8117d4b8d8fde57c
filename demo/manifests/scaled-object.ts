import type { Field } from './field';

/** How a ScaledObject scales one Deployment by the depth of one queue. */
export interface Scaling {
  readonly name: string;
  /** Name of the Deployment. */
  readonly target: string;
  readonly pollingIntervalMs: number;
  readonly cooldownMs: number;
  readonly min: number;
  readonly max: number;
  readonly queue: string;
  /** Messages per replica. */
  readonly value: number;
  /** More messages than this make the Deployment active. */
  readonly activation: number;
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** The HPA's behaviour in one direction. */
export interface ScalingRules {
  /** The HPA takes the most cautious recommendation of this long. */
  readonly windowMs: number;
  readonly select: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly {
    readonly type: 'Pods' | 'Percent';
    readonly value: number;
    readonly periodMs: number;
  }[];
}

/** Reads a ScaledObject with one rabbitmq trigger; the defaults are KEDA's and Kubernetes' own. */
export function scalingOf(name: string, body: Field): Scaling {
  const spec = body
    .get('spec')
    .only(
      ...['scaleTargetRef', 'pollingInterval', 'cooldownPeriod', 'minReplicaCount', 'maxReplicaCount'],
      ...['advanced', 'triggers'],
    );
  const target = spec.get('scaleTargetRef').only('name', 'kind', 'apiVersion');
  if (target.get('kind').stringOr('Deployment') !== 'Deployment')
    target.get('kind').fail('the demo scales Deployments');
  const trigger = spec.get('triggers').single().only('type', 'metadata', 'authenticationRef', 'metricType', 'name');
  const type = trigger.get('type');
  if (type.string() !== 'rabbitmq') type.fail(`the demo has no ${type.string()} queue`);
  const metricType = trigger.get('metricType');
  if (metricType.stringOr('AverageValue') !== 'AverageValue') metricType.fail('the demo knows only AverageValue');
  const metadata = trigger.get('metadata');
  const behavior = behaviorOf(spec.get('advanced'));
  return {
    name,
    target: target.get('name').string(),
    pollingIntervalMs: spec.get('pollingInterval').integerOr(30) * 1000,
    cooldownMs: spec.get('cooldownPeriod').integerOr(300) * 1000,
    min: spec.get('minReplicaCount').integerOr(0),
    max: spec.get('maxReplicaCount').integerOr(100),
    queue: metadata.get('queueName').string(),
    ...thresholdsOf(metadata),
    scaleUp: rulesOf(behavior.get('scaleUp'), 0, [
      { type: 'Pods', value: 4, periodMs: 15_000 },
      { type: 'Percent', value: 100, periodMs: 15_000 },
    ]),
    scaleDown: rulesOf(behavior.get('scaleDown'), 300, [{ type: 'Percent', value: 100, periodMs: 15_000 }]),
  };
}

function thresholdsOf(metadata: Field): { value: number; activation: number } {
  metadata.only(
    ...['protocol', 'queueName', 'mode', 'value', 'queueLength', 'activationValue'],
    // Where the broker is: the demo brings its own.
    ...['host', 'hostFromEnv', 'vhostName'],
  );
  const mode = metadata.get('mode');
  if (mode.stringOr('QueueLength') !== 'QueueLength') mode.fail('the demo knows only QueueLength');
  // `queueLength` is the predecessor's name for `value`.
  const value = metadata.get('value').isAbsent() ? metadata.get('queueLength') : metadata.get('value');
  return { value: value.integerOr(20), activation: metadata.get('activationValue').integerOr(0) };
}

function behaviorOf(advanced: Field): Field {
  const hpa = advanced.only('horizontalPodAutoscalerConfig', 'restoreToOriginalReplicaCount');
  return hpa.get('horizontalPodAutoscalerConfig').only('behavior', 'name').get('behavior').only('scaleUp', 'scaleDown');
}

function rulesOf(rules: Field, windowSeconds: number, defaults: ScalingRules['policies']): ScalingRules {
  rules.only('stabilizationWindowSeconds', 'policies', 'selectPolicy');
  const policies = rules
    .get('policies')
    .items()
    .map((policy) => ({
      type: oneOf(policy.get('type'), ['Pods', 'Percent'] as const),
      value: policy.get('value').integer(),
      periodMs: policy.get('periodSeconds').integer() * 1000,
    }));
  const select = rules.get('selectPolicy');
  return {
    windowMs: rules.get('stabilizationWindowSeconds').integerOr(windowSeconds) * 1000,
    select: select.isAbsent() ? 'Max' : oneOf(select, ['Max', 'Min', 'Disabled'] as const),
    policies: policies.length === 0 ? defaults : policies,
  };
}

function oneOf<T extends string>(field: Field, values: readonly T[]): T {
  const text = field.string();
  return values.find((value) => value === text) ?? field.fail(`expected one of: ${values.join(', ')}`);
}
