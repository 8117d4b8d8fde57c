import type { HpaBehavior } from '../../src/manifests/hpa-behavior';
import { KEDA } from '../../src/manifests/host-defaults';
import { messagesPerReplica, type ScaledObject } from '../../src/manifests/scaled-objects';
import { numeric } from '../../src/manifests/value';
import { documentField } from './field';

export type { ScalingRules } from '../../src/manifests/hpa-behavior';

/** How a ScaledObject scales one Deployment by the depth of one queue. */
export interface Scaling extends HpaBehavior {
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
}

/** A ScaledObject with one rabbitmq trigger as the demo's KEDA takes it. */
export function scalingOf(view: ScaledObject): Scaling {
  const [trigger] = view.triggers;
  if (trigger?.queue === undefined) return documentField(view.manifest).fail('it has no queue');
  return {
    name: view.manifest.name,
    target: view.target.name,
    pollingIntervalMs: view.pollingIntervalMs,
    cooldownMs: view.cooldownMs,
    min: view.minReplicas,
    max: view.maxReplicas,
    queue: trigger.queue.name,
    value: messagesPerReplica(trigger),
    activation: numeric(trigger.metadata('activationValue')) ?? KEDA.rabbitmq.activation,
    ...view.behavior,
  };
}
